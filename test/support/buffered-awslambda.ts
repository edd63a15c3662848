/**
 * Lambda's `awslambda` for an emulator that has none: preloaded (`node --import`), it turns streaming handlers into buffered ones.
 * What a stream really does is tested with the local service; here the same handlers only have to run.
 */
import { Writable } from 'node:stream';

interface Prelude {
  readonly statusCode?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

type StreamingHandler = (event: unknown, stream: BufferedStream, context: unknown) => Promise<unknown>;

class BufferedStream extends Writable {
  prelude: Prelude = {};
  readonly chunks: Buffer[] = [];
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.chunks.push(Buffer.from(chunk));
    done();
  }
}

const awslambda = {
  streamifyResponse: (handler: StreamingHandler) => async (event: unknown, context: unknown) => {
    const stream = new BufferedStream();
    await handler(event, stream, context);
    const { statusCode = 200, headers = {} } = stream.prelude;
    return { statusCode, headers, body: Buffer.concat(stream.chunks).toString() };
  },
  HttpResponseStream: {
    from: (stream: BufferedStream, prelude: Prelude) => Object.assign(stream, { prelude }),
  },
};

Object.assign(globalThis, { awslambda });
