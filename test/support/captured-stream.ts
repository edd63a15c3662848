/** Streams that remember what was written to them, for output that must not reach the test's own terminal. */
import { Writable } from 'node:stream';
import { WriteStream } from 'node:tty';

export interface CapturedStream extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
  /** All that was written. */
  text(): string;
}

/** A pipe, or with `columns` a terminal of that width, which asks the environment for colours as a real one does. */
export function capturedStream(columns?: number): CapturedStream {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  return Object.assign(stream, {
    ...(columns === undefined ? {} : { isTTY: true, columns, getColorDepth: WriteStream.prototype.getColorDepth }),
    text: () => Buffer.concat(chunks).toString('utf8'),
  });
}
