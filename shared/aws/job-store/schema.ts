/**
 * Versions of stored items. What a newer scanfleet wrote is refused, never guessed at; what an older one wrote is read as if this one had
 * written it. docs/operations.md, "A new version of the records", tells how the next version is made.
 */
import { SchemaVersionError } from '../../errors.ts';
import { SCHEMA_VERSION } from '../../names.ts';
import type { Attributes } from './expression.ts';

export interface Schema {
  /** The newest that is read. */
  readonly version: number;
  /** The first makes an item of version 1 one of version 2, the second one of version 2 one of version 3, and so on. */
  readonly upgrades: readonly ((item: Attributes) => Attributes)[];
}

/** There has been no other version yet. */
export const SCHEMA: Schema = { version: SCHEMA_VERSION, upgrades: [] };

/** `item`, stored as of `from`, as the schema's version has it. Throws SchemaVersionError when it is newer. */
export function upgraded(item: Attributes, from: number, { version, upgrades }: Schema): Attributes {
  if (from > version)
    throw new SchemaVersionError(
      'schema_version',
      `${item.pk} ${item.sk} has schema version ${from}; this scanfleet knows ${version}: update it`,
    );
  return upgrades.slice(from - 1).reduce((older, upgrade) => upgrade(older), item);
}
