/** What makes two submits the same request: everything that decides what the job is, and nothing of how it was written down. */
import { createHash } from 'node:crypto';

/** SHA-256, 64 hex digits, over JSON with the keys of every object in order. */
export const requestHash = (request: object): string =>
  createHash('sha256').update(JSON.stringify(request, sortedKeys)).digest('hex');

const sortedKeys = (_key: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;
