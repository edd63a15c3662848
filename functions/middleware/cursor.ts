/**
 * Where a list goes on: the last sort key, and a hash that ties it to what is listed: the caller's tenant and filters, or a job. That itself
 * is not inside: which partition is read comes from the caller and the path alone, so that a made-up cursor can at worst start the caller's
 * own list somewhere else.
 */
import { createHash } from 'node:crypto';
import { ValidationError } from '#shared/errors.ts';

const HASH_LENGTH = 16;

const hashOf = (filter: object): string =>
  createHash('sha256')
    .update(JSON.stringify(Object.entries(filter).sort(([a], [b]) => (a < b ? -1 : 1))))
    .digest('base64url')
    .slice(0, HASH_LENGTH);

export const writeCursor = (after: string, filter: object): string =>
  Buffer.from(hashOf(filter) + after).toString('base64url');

/** The sort key. Throws ValidationError for a cursor that is not one, or that belongs to another list. */
export function readCursor(cursor: string, filter: object): string {
  const text = Buffer.from(cursor, 'base64url').toString();
  const after = text.slice(HASH_LENGTH);
  if (cursor === writeCursor(after, filter)) return after;
  throw new ValidationError([{ field: 'cursor', message: 'must be a nextCursor of a list with the same filters' }]);
}
