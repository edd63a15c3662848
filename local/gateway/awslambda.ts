/**
 * Lambda's `awslambda` global, which streaming handlers use while their modules are evaluated: install it before importing them.
 * https://docs.aws.amazon.com/lambda/latest/dg/config-rs-write-functions.html
 */
import type { Context } from 'aws-lambda';
import type { Prelude, ResponseStream } from './response-stream.ts';

export type StreamingHandler = (event: unknown, stream: ResponseStream, context: Context) => Promise<unknown>;

const streaming = new WeakSet<object>();

/** Whether `handler` was made by `awslambda.streamifyResponse`. */
export const isStreaming = (handler: object): handler is StreamingHandler => streaming.has(handler);

export function installAwsLambda(): void {
  const awslambda = {
    streamifyResponse(handler: StreamingHandler): StreamingHandler {
      streaming.add(handler);
      return handler;
    },
    HttpResponseStream: {
      from(stream: ResponseStream, prelude: Prelude): ResponseStream {
        stream.prelude = prelude;
        return stream;
      },
    },
  };
  Object.assign(globalThis, { awslambda });
}
