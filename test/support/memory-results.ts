/** An object store in memory: the port's behaviour for tests of what reads and writes through it. */
import { createHash } from 'node:crypto';
import { NotFoundError } from '#shared/errors.ts';
import type { Results } from '#shared/finding/results.ts';

export interface MemoryResults extends Results {
  readonly objects: Map<string, Buffer>;
  /** Keys as they were read, ranges included. */
  readonly reads: string[];
}

export function memoryResults(): MemoryResults {
  const objects = new Map<string, Buffer>();
  const reads: string[] = [];
  return {
    objects,
    reads,
    async write(key, body) {
      const chunks: Uint8Array[] = [];
      if (body instanceof Uint8Array) chunks.push(body);
      else for await (const chunk of body) chunks.push(Buffer.from(chunk));
      const bytes = Buffer.concat(chunks);
      objects.set(key, bytes);
      return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
    },
    async *read(key, range) {
      reads.push(range === undefined ? key : `${key} ${range.start}-${range.end ?? ''}`);
      const bytes = objects.get(key);
      if (bytes === undefined) throw new NotFoundError('object_missing', `there is no object ${key}`);
      // Copies, because a reader may change what it is given; in pieces, because nothing may rely on one chunk an object.
      const part = bytes.subarray(range?.start ?? 0, range?.end === undefined ? undefined : range.end + 1);
      for (let at = 0; at < part.length; at += 1_000) yield Buffer.from(part.subarray(at, at + 1_000));
    },
    async create(key, body) {
      if (objects.has(key)) return false;
      objects.set(key, Buffer.from(body));
      return true;
    },
    async list(prefix, limit, after = '') {
      const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
      const listed = keys.slice(0, limit).map((key) => ({ key, bytes: objects.get(key)?.length ?? 0 }));
      return { objects: listed, more: keys.length > limit };
    },
    async head(key) {
      const bytes = objects.get(key);
      return bytes && { bytes: bytes.length, etag: '"1"', metadata: {} };
    },
    async removeAll(prefix) {
      for (const key of objects.keys()) if (key.startsWith(prefix)) objects.delete(key);
    },
  };
}
