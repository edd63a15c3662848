/**
 * The calls to DynamoDB that the operations are made of. Each is repeated by the common retry rule; a write's failed condition is a value
 * that shows the item as it was; what has expired reads as absent, what an older scanfleet wrote as if this one had, and what a newer one
 * wrote is neither read nor changed.
 */
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Key } from '../table.ts';
import type { Attributes, Write } from './expression.ts';
import { type Schema, upgraded } from './schema.ts';

export type Item = Record<string, unknown>;

export interface Query {
  /** Of the table itself when absent. */
  readonly index?: string;
  /** Key condition, with placeholders as in a write's condition. */
  readonly where: string;
  readonly values: Attributes;
  readonly newestFirst?: true;
  /** Half the price for what may be a moment old. */
  readonly eventually?: true;
  /** Items of one page. */
  readonly limit?: number;
}

export interface Reader {
  /** Strongly consistent. */
  get(key: Key): Promise<Item | undefined>;
  /** Eventually consistent, for half the price. */
  peek(key: Key): Promise<Item | undefined>;
  /** Page by page; strongly consistent on the table unless `eventually`, never so on an index. */
  pages(query: Query): AsyncGenerator<readonly Item[]>;
  /** Those that exist, in no order; eventually consistent unless asked otherwise. */
  getAll(keys: readonly Key[], consistency?: 'consistent'): Promise<readonly Item[]>;
}

/** `item`: as it is now, if asked for. `old`: what a failed condition met; undefined when there was nothing. */
export type Written =
  | { readonly ok: true; readonly item: Item | undefined }
  | { readonly ok: false; readonly old: Item | undefined };

/** Of one write of a cancelled transaction: whether it was this one's condition that failed, and what it met. */
export interface Refusal {
  readonly failed: boolean;
  readonly old: Item | undefined;
}
export type Transacted = { readonly ok: true } | { readonly ok: false; readonly refusals: readonly Refusal[] };

export interface Writer {
  write(write: Write): Promise<Written>;
  /** All or nothing. */
  transact(writes: readonly Write[]): Promise<Transacted>;
  removeAll(keys: readonly Key[]): Promise<void>;
}

export type Database = Reader & Writer;

export interface DatabaseDeps {
  readonly client: DynamoDBDocumentClient;
  readonly table: string;
  readonly now: () => Date;
  /** From 0 to 1, as Math.random. */
  readonly random: () => number;
  readonly schema: Schema;
}

/**
 * The item as far as it exists: undefined once it has expired (DynamoDB deletes late, within some days: developer guide, "TTL"), or where
 * an answer holds nothing but a key. Throws SchemaVersionError for what a newer version wrote.
 */
export function existing(
  { schema, now }: Pick<DatabaseDeps, 'schema' | 'now'>,
  stored: Item | undefined,
): Item | undefined {
  const version = stored?.schemaVersion;
  if (stored === undefined || typeof version !== 'number') return undefined;
  const item = upgraded(stored, version, schema);
  return typeof item.expiresAtEpochSeconds === 'number' && item.expiresAtEpochSeconds * 1000 <= now().getTime()
    ? undefined
    : item;
}
