/**
 * The local twin of API Gateway's REST API: HTTP on a loopback address, SigV4 verified, routes from the one table, the real handlers.
 * It also keeps web pages out: a request with an Origin, or for a host name that is not ours (DNS rebinding), is refused, and no
 * answer carries a CORS header.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Route } from '#shared/contracts/route.ts';
import { ConflictError } from '#shared/errors.ts';
import { MAX_BODY_BYTES } from '#shared/limits.ts';
import { HEADERS } from '#shared/names.ts';
import { type Functions, invoke } from './invocation.ts';
import { proxyAnswer } from './proxy-answer.ts';
import { type Principal, proxyEvent, splitTarget } from './proxy-event.ts';
import { type Answer, GatewayRefusal, problemAnswer, refuseMalformed } from './refusal.ts';
import { readBody, sendUnread } from './request-body.ts';
import { ResponseStream } from './response-stream.ts';
import { type RouteMatch, routeMatcher } from './route-match.ts';

export interface GatewayDeps {
  readonly functions: Functions;
  /** Who signed the request. Throws GatewayRefusal. */
  readonly authenticate: (message: IncomingMessage, body: Buffer) => Principal;
  readonly now: () => Date;
  /** Told of every fault that a caller only sees as a 5xx or a broken connection. */
  readonly onFault: (fault: { readonly requestId: string; readonly route: string; readonly error: unknown }) => void;
}

export interface GatewayOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly routes?: Iterable<Route>;
  readonly timeouts?: { readonly bufferedMs: number; readonly streamingMs: number };
}

export interface Gateway {
  readonly endpoint: string;
  /** Takes no new request, waits for those under way for `graceMs` at most, then cuts them. */
  close(graceMs?: number): Promise<void>;
}

/** API Gateway's own: 29 s, and 15 minutes for an answer that streams (quotas page, "Integration timeout"). */
const TIMEOUTS = { bufferedMs: 29_000, streamingMs: 900_000 };
/** Request line and headers together; API Gateway takes 10,240 bytes of headers (quotas page). */
const MAX_HEADER_BYTES = 16_384;
const CLOSE_GRACE_MS = 5_000;

/** ConflictError `port_in_use`. */
export async function startGateway(deps: GatewayDeps, options: GatewayOptions): Promise<Gateway> {
  const { host, port, timeouts = TIMEOUTS } = options;
  const match = routeMatcher(options.routes);
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    connectionsCheckingInterval: 5_000,
    keepAliveTimeout: 65_000,
  });
  await listen(server, host, port);
  const { port: bound } = server.address() as AddressInfo;
  const hosts = new Set([`${host}:${bound}`, `localhost:${bound}`]);
  const serve = (message: IncomingMessage, response: ServerResponse) => {
    const exchange = { message, response, requestId: randomUUID() };
    answer(deps, { hosts, match, timeouts }, exchange).catch((error) => refuse(deps, exchange, error));
  };
  // Without a listener of its own, Node would ask for a body before the gateway has seen how large it is.
  server.on('request', serve).on('checkContinue', serve).on('clientError', refuseMalformed);
  return { endpoint: `http://${host}:${bound}`, close: (graceMs = CLOSE_GRACE_MS) => close(server, graceMs) };
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  server.listen({ host, port });
  try {
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new ConflictError('port_in_use', `port ${port} on ${host} is in use; give another with --port`, {
      cause: error,
    });
  }
}

async function close(server: Server, graceMs: number): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(cut);
}

interface Exchange {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
}

interface Setting {
  readonly hosts: ReadonlySet<string>;
  readonly match: (method: string, path: string) => RouteMatch;
  readonly timeouts: { readonly bufferedMs: number; readonly streamingMs: number };
}

async function answer(deps: GatewayDeps, setting: Setting, exchange: Exchange): Promise<void> {
  const { message, response, requestId } = exchange;
  const { headers, method = '', url = '' } = message;
  if (headers.origin !== undefined || !setting.hosts.has(headers.host ?? '')) throw new GatewayRefusal('ACCESS_DENIED');
  const match = setting.match(method, splitTarget(url)[0]);
  if (headers.authorization === undefined) throw new GatewayRefusal('MISSING_AUTHENTICATION_TOKEN');
  const body = await readBody(message, response, MAX_BODY_BYTES);
  const principal = deps.authenticate(message, body);
  const event = proxyEvent({ message, match, principal, body, requestId, receivedAt: deps.now() });

  const { function: name, streaming } = match.route;
  const handler = deps.functions.get(name);
  if (handler === undefined)
    throw new GatewayRefusal('INTEGRATION_FAILURE', undefined, { cause: `no function ${name}` });
  const timeoutMs = streaming ? setting.timeouts.streamingMs : setting.timeouts.bufferedMs;
  const invocation = { name, handler, event, requestId, timeoutMs };
  if (streaming) await stream(response, requestId, (to) => invoke(invocation, to));
  else send(response, proxyAnswer(await invoke(invocation), requestId));
}

async function stream(response: ServerResponse, requestId: string, run: (to: ResponseStream) => Promise<unknown>) {
  response.setHeader(HEADERS.requestId, requestId);
  const to = new ResponseStream(response);
  to.on('error', () => undefined); // Whoever writes gets it too, and is the one to say so.
  try {
    await run(to);
    if (!to.writableEnded) throw new Error('the function returned before it ended its answer');
  } catch (error) {
    to.destroy();
    throw error;
  }
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) response.setHeader(name, value);
  response.writeHead(status);
  response.end(body);
}

/** Answers what went wrong, once: after the first byte of an answer only a broken connection can still say so. */
function refuse(deps: GatewayDeps, { message, response, requestId }: Exchange, error: unknown): void {
  const refusal =
    error instanceof GatewayRefusal ? error : new GatewayRefusal('INTEGRATION_FAILURE', undefined, { cause: error });
  const answer = problemAnswer(refusal, requestId);
  const isClientGone = (error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE';
  if (answer.status >= 500 && !isClientGone)
    deps.onFault({ requestId, route: `${message.method} ${message.url}`, error: refusal.cause ?? refusal });
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  if (message.complete) send(response, answer);
  else sendUnread(message, response, answer);
}
