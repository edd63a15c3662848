/** What an HTTP request goes through around its decision, streamed or not: who calls, how often, with what; and what is logged of it. */
import { randomUUID } from 'node:crypto';
import type middy from '@middy/core';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { type Caller, type CallerSettings, callerOf } from '#shared/caller.ts';
import { PROBLEM_CONTENT_TYPE } from '#shared/contracts/problem.ts';
import type { Route } from '#shared/contracts/route.ts';
import { SECURITY_HEADERS } from '#shared/contracts/security-headers.ts';
import { environment } from '#shared/env.ts';
import { ForbiddenError, LimitError, UnavailableError } from '#shared/errors.ts';
import type { JobStore } from '#shared/job/store.ts';
import { logger } from '#shared/observability/logger.ts';
import { record } from '#shared/observability/metrics.ts';
import { newTrace, readTraceHeader, TRACE_VARIABLE, type Trace } from '#shared/observability/trace.ts';
import { problemOf } from './problem.ts';
import { type ReadRequest, readHeaders, readRequest } from './read-request.ts';

export interface HttpDeps {
  readonly jobs: Pick<JobStore, 'takeToken'>;
  readonly callers: CallerSettings;
}

/** What a decision is given: checked input, and who sent it. */
export interface HttpRequest<R extends Route = Route> extends ReadRequest<R> {
  readonly headers: ReadonlyMap<string, string>;
  /** The path as the caller wrote it, the API's stage included. */
  readonly url: string;
  readonly caller: Caller;
  readonly trace: Trace;
}

/** An answer's body: text, or a stream of bytes where the route streams. */
export interface ProxyResult<Body> {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body | string;
}

/** One request while it is served. It hangs on the request's own context, so that two in one process never mix. */
interface Exchange {
  readonly startedAt: number;
  readonly requestId: string;
  readonly trace: Trace;
  readonly headers: ReadonlyMap<string, string>;
  caller?: Caller;
  request?: HttpRequest;
  jobId?: string;
  /** Why it did not succeed, as the caller was told. */
  code?: string;
  /** The cause, where it is ours to mend. */
  fault?: unknown;
}
export type HttpContext = Context & { exchange: Exchange };
type Middleware = middy.MiddlewareObj<APIGatewayProxyEvent, unknown, Error, HttpContext>;
type Request = middy.Request<APIGatewayProxyEvent, ProxyResult<unknown>, Error, HttpContext>;

/** The steps around the decision, outermost first. */
export const exchangeSteps = (route: Route, deps: HttpDeps): Middleware[] => [
  { onError: ({ error, context }) => answerFault(error, context.exchange) },
  {
    before: async ({ event, context: { exchange } }) => {
      const caller = callerOf(event.requestContext?.identity?.userArn, deps.callers);
      exchange.caller = caller;
      if (route.callers === 'admins' && !caller.admin)
        throw new ForbiddenError('admins_only', 'only admins may call this route');
      const token = await deps.jobs.takeToken(caller.tenant, caller.principal);
      if (!token.ok) throw new LimitError('rate_limited', 'the caller calls too often', token.retryAfterSeconds);
      const { headers, trace } = exchange;
      const url = event.requestContext.path ?? event.path;
      exchange.request = { ...readRequest(route, event, headers), headers, url, caller, trace };
      exchange.jobId = event.pathParameters?.jobId;
    },
  },
];

/** How middy runs the steps: an exchange for each request, its log line at the very end, an answer just before Lambda would give none. */
export const exchangePlugin = (route: Route) => ({
  timeoutEarlyInMillis: 500,
  timeoutEarlyResponse: () => {
    throw new UnavailableError('timed_out', 'the answer took too long; try again');
  },
  requestStart: (request: middy.Request) => {
    const event = request.event as APIGatewayProxyEvent;
    const headers = readHeaders(event);
    const exchange: Exchange = {
      startedAt: performance.now(),
      requestId: event.requestContext?.requestId ?? request.context.awsRequestId ?? randomUUID(),
      trace: traceOf(headers),
      headers,
    };
    Object.assign(request.context, { exchange });
  },
  requestEnd: (request: middy.Request) => logRequest(route, request as Request),
});

/** Adds what every answer carries. */
export const proxyResult = <Body>(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Body | string,
): ProxyResult<Body> => ({ statusCode: status, headers: { ...SECURITY_HEADERS, ...headers }, body });

function answerFault(error: unknown, exchange: Exchange): ProxyResult<string> {
  const { problem, headers } = problemOf(error, exchange.requestId);
  exchange.code = problem.code;
  if (problem.status >= 500) exchange.fault = error;
  return proxyResult(problem.status, { 'Content-Type': PROBLEM_CONTENT_TYPE, ...headers }, JSON.stringify(problem));
}

function logRequest(route: Route, { response, context: { exchange } }: Request): void {
  const { requestId, trace, jobId, code, caller, fault } = exchange;
  const ms = Math.round((performance.now() - exchange.startedAt) * 10) / 10;
  const line = {
    function: route.function,
    request: `${route.method} ${route.path}`,
    status: response?.statusCode,
    ms,
    requestId,
    traceId: trace.traceId,
    jobId,
    code,
    tenant: caller?.tenant,
    principal: caller?.principal,
    sessionId: caller?.sessionId,
  };
  if (fault === undefined) logger.info('request', line);
  else logger.error('request failed', { ...line, error: fault instanceof Error ? fault : new Error(String(fault)) });
  record({ requests: 1, requestMs: ms, errors: fault === undefined ? 0 : 1 }, { function: route.function });
}

/** Lambda's own where it traces; else the root that the caller passed on, of which nobody knows whether it is recorded; else a new one. */
function traceOf(headers: ReadonlyMap<string, string>): Trace {
  const ours = readTraceHeader(environment()[TRACE_VARIABLE]);
  if (ours !== undefined) return ours;
  const passed = readTraceHeader(headers.get('x-amzn-trace-id'));
  return passed === undefined ? newTrace() : { traceId: passed.traceId };
}
