/** A file of text or bytes, gzipped as it is written. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

export interface GzipFile {
  /** Settles when there is room for more. Rejects when the disk takes no more. */
  write(chunk: Uint8Array): Promise<void>;
  end(): Promise<void>;
}

/** Creates the file, for its owner alone. */
export function gzipFile(path: string): GzipFile {
  const gzip = createGzip();
  const written = pipeline(gzip, createWriteStream(path, { flags: 'wx', mode: 0o600 }));
  written.catch(() => undefined); // told to whoever writes or ends
  return {
    async write(chunk) {
      if (!gzip.write(chunk)) await Promise.race([once(gzip, 'drain'), written]);
    },
    async end() {
      gzip.end();
      await written;
    },
  };
}
