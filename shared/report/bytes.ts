/** Small tools for streams of bytes. */
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';

export type Bytes = AsyncIterable<Uint8Array>;

const CHUNK_BYTES = 64 * 1024;

/** The whole of a small stream. */
export async function collect(bytes: Bytes): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Plain bytes of a gzip stream; throws when it is cut short or its checksum is wrong. Chunks are the reader's to change. */
export function gunzipped(compressed: Bytes): AsyncIterable<Buffer> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  // A failure on either side destroys both: it reaches whoever reads `gunzip`, so there is nothing left to do here.
  pipeline(compressed, gunzip, () => {});
  return gunzip;
}

/** The same bytes in chunks of 64 KB or more, so that a thousand tasks of one line each do not make a thousand writes. */
export async function* coalesced(bytes: Bytes): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  for await (const chunk of bytes) {
    if (waitingBytes === 0 && chunk.byteLength >= CHUNK_BYTES) {
      yield chunk;
      continue;
    }
    waiting.push(chunk);
    waitingBytes += chunk.byteLength;
    if (waitingBytes < CHUNK_BYTES) continue;
    yield Buffer.concat(waiting);
    waiting = [];
    waitingBytes = 0;
  }
  if (waitingBytes > 0) yield Buffer.concat(waiting);
}
