/** The way in for routes that answer at once. */
import middy from '@middy/core';
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

export type { HttpDeps, HttpRequest } from './exchange.ts';

export interface HttpAnswer {
  readonly status: number;
  /** Sent as JSON; a string is JSON already and goes out byte for byte. None: the answer has no content. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** For the log, where the path does not name it. */
  readonly jobId?: string;
}

/** A Lambda handler for `route`: `decide` gets checked input, whatever it throws becomes a problem+json answer. */
export function httpHandler<R extends Route>(
  route: R,
  deps: HttpDeps,
  decide: (request: HttpRequest<R>) => Promise<HttpAnswer>,
) {
  return middy<APIGatewayProxyEvent, ReturnType<typeof proxyResult<never>>, Error, HttpContext>(exchangePlugin(route))
    .use(exchangeSteps(route, deps))
    .handler(async (_event, { exchange }) => {
      const { status, body, headers, jobId } = await decide(exchange.request as HttpRequest<R>);
      exchange.jobId ??= jobId;
      if (body === undefined) return proxyResult<never>(status, { ...headers }, '');
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      return proxyResult<never>(status, { 'Content-Type': 'application/json', ...headers }, text);
    });
}
