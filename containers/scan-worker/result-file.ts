/** What a scan leaves on the disk, to be uploaded. */
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';

/** A file to upload, under its name in the attempt's prefix. */
export interface ResultFile {
  readonly name: string;
  readonly contentType: string;
  /** Its bytes, each time from the start. */
  open(): Bytes | Promise<Bytes>;
}

type Bytes = Uint8Array | AsyncIterable<Uint8Array>;

/** Up to this size a file is read whole and sent by one request: a stream takes the machinery of an upload in parts, which costs half as much again. */
const READ_WHOLE_BYTES = 256 * 1024;

export const gzippedFile = (name: string, path: string): ResultFile => ({
  name,
  contentType: 'application/gzip',
  async open() {
    const { size } = await stat(path);
    return size <= READ_WHOLE_BYTES ? readFile(path) : createReadStream(path);
  },
});
