/**
 * The way in for routes that stream (API Gateway's transfer mode STREAM). Needs Lambda's `awslambda` global when it is called. A fault
 * before the first byte is an answer like any other; after it, the connection is broken, so that a cut answer never looks whole.
 */
import { Readable } from 'node:stream';
import middy from '@middy/core';
import { executionModeStreamifyResponse } from '@middy/core/StreamifyResponse';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import type { Route } from '#shared/contracts/route.ts';
import {
  exchangePlugin,
  exchangeSteps,
  type HttpContext,
  type HttpDeps,
  type HttpRequest,
  proxyResult,
} from './exchange.ts';

export interface StreamAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Read only as fast as the client takes it, and no further once the client is gone. */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * A streaming Lambda handler for `route`. `clientGone` is for a body that waits between its chunks: it is aborted once nobody takes the
 * next one.
 */
export function streamHandler<R extends Route>(
  route: R,
  deps: HttpDeps,
  decide: (request: HttpRequest<R>, clientGone: AbortSignal) => Promise<StreamAnswer>,
) {
  const plugin = { ...exchangePlugin(route), executionMode: executionModeStreamifyResponse };
  return middy<APIGatewayProxyEvent, ReturnType<typeof proxyResult<Readable>>, Error, HttpContext>(plugin)
    .use(exchangeSteps(route, deps))
    .handler(async (_event, { exchange }) => {
      const gone = new AbortController();
      const { status, headers, body } = await decide(exchange.request as HttpRequest<R>, gone.signal);
      const stream = Readable.from(await begun(body, exchange, gone), { objectMode: false });
      return proxyResult(status, headers, stream);
    });
}

/** `chunks` with its first one already fetched: what fails before it fails here. Notes in `exchange` why the rest was not all sent. */
async function begun(
  chunks: AsyncIterable<Uint8Array>,
  exchange: HttpContext['exchange'],
  gone: AbortController,
): Promise<AsyncIterable<Uint8Array>> {
  const iterator = chunks[Symbol.asyncIterator]();
  let first: IteratorResult<Uint8Array> | undefined = await iterator.next();
  let whole = false;
  const next = async () => {
    try {
      const step = first ?? (await iterator.next());
      first = undefined;
      whole = step.done === true;
      return step;
    } catch (error) {
      exchange.fault = error;
      throw error;
    }
  };
  /** Comes after the end too; before it, at once, be it that the next chunk is still waited for, which a generator could not tell. */
  const leave = async () => {
    if (!whole && exchange.fault === undefined) exchange.code = 'client_gone';
    gone.abort();
    await iterator.return?.();
    return { done: true, value: undefined } as const;
  };
  return { [Symbol.asyncIterator]: () => ({ next, return: leave }) };
}
