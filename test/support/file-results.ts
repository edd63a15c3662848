/** An object store in a folder, for amounts that must not lie in memory. Reads only what its caller wrote there. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Results } from '#shared/finding/results.ts';

export function fileResults(folder: string): Results {
  const pathOf = (key: string) => join(folder, key);
  return {
    async write(key, body) {
      await mkdir(dirname(pathOf(key)), { recursive: true });
      const hash = createHash('sha256');
      let bytes = 0;
      const counted = async function* () {
        for await (const chunk of body instanceof Uint8Array ? [body] : body) {
          hash.update(chunk);
          bytes += chunk.byteLength;
          yield chunk;
        }
      };
      await pipeline(counted, createWriteStream(pathOf(key)));
      return { bytes, sha256: hash.digest('hex') };
    },
    async create(key, body) {
      await mkdir(dirname(pathOf(key)), { recursive: true });
      return writeFile(pathOf(key), body, { flag: 'wx' }).then(
        () => true,
        () => false,
      );
    },
    async list() {
      throw new Error('nobody lists this store');
    },
    read: (key, range) => createReadStream(pathOf(key), range),
    async head(key) {
      const { size } = await stat(pathOf(key));
      return { bytes: size, etag: '"1"', metadata: {} };
    },
    removeAll: (prefix) => rm(pathOf(prefix), { recursive: true, force: true }),
  };
}
