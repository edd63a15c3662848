/**
 * Reads aws-chunked encoding, unsigned: `<hex length>\r\n<bytes>\r\n` …, a chunk of length 0, then trailing headers and an empty line.
 */
import { S3Fault } from './fault.ts';

/** A length line or a trailing header is far shorter. */
const MAX_LINE_BYTES = 1_024;

/** The decoded bytes. Fills `trailer` (names in lower case) behind the last of them. Throws S3Fault IncompleteBody or InvalidRequest. */
export async function* readChunked(
  body: AsyncIterable<Uint8Array>,
  trailer: Map<string, string>,
): AsyncIterable<Uint8Array> {
  const source = byteSource(body);
  for (let left = lengthOf(await source.line()); left > 0; left = lengthOf(await source.line())) {
    for (let at = left; at > 0; ) {
      const piece = await source.some(at);
      at -= piece.length;
      yield piece;
    }
    if ((await source.line()) !== '') throw new S3Fault('InvalidRequest', 'A chunk is longer than it says.');
  }
  for (let line = await source.line(); line !== ''; line = await source.line()) {
    const [name = '', ...value] = line.split(':');
    trailer.set(name.trim().toLowerCase(), value.join(':').trim());
  }
  await source.end();
}

function lengthOf(line: string): number {
  const hex = /^([0-9a-f]{1,8})(;.*)?$/i.exec(line)?.[1];
  if (hex === undefined) throw new S3Fault('InvalidRequest', 'A chunk has no length.');
  return Number.parseInt(hex, 16);
}

function byteSource(body: AsyncIterable<Uint8Array>) {
  const chunks = body[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);

  async function more(): Promise<Buffer> {
    const { done, value } = await chunks.next();
    if (done) throw new S3Fault('IncompleteBody');
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }

  return {
    /** At least one byte, at most `max`. */
    async some(max: number): Promise<Buffer> {
      while (rest.length === 0) rest = await more();
      const piece = rest.subarray(0, max);
      rest = rest.subarray(piece.length);
      return piece;
    },
    /** Up to CR LF, without it. */
    async line(): Promise<string> {
      let end = rest.indexOf('\r\n');
      while (end < 0) {
        if (rest.length > MAX_LINE_BYTES) throw new S3Fault('InvalidRequest', 'A line in the body is too long.');
        rest = Buffer.concat([rest, await more()]);
        end = rest.indexOf('\r\n');
      }
      const line = rest.subarray(0, end).toString('latin1');
      rest = rest.subarray(end + 2);
      return line;
    },
    /** Nothing may follow. */
    async end(): Promise<void> {
      const { done } = await chunks.next();
      if (rest.length > 0 || !done) throw new S3Fault('InvalidRequest', 'The body goes on behind its end.');
    },
  };
}
