/**
 * Stands between a service and those who call it, and lets go wrong what the network and a busy service let go wrong: calls are refused,
 * cut, slow, or done with the answer lost. What else it passes on as it is, host and signature included.
 */
import { once } from 'node:events';
import {
  createServer,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Emulator } from '../emulators/emulator.ts';
import { randomLoopback } from '../emulators/loopback.ts';
import { sendUnread } from '../gateway/request-body.ts';
import type { Luck } from './luck.ts';
import type { CallFault, FaultName, ProxiedService } from './plan.ts';
import { type Call, type RefusalKind, refusalOf } from './refusals.ts';

/** Changes what an operation answers. */
export type Alter = (call: Call, answer: Buffer) => Promise<Buffer>;

export interface ProxyOptions {
  readonly service: ProxiedService;
  readonly endpoint: string;
  readonly luck: Luck;
  /** By operation. */
  readonly alter?: Readonly<Record<string, Alter>>;
}

/** How long a slow call waits before it is passed on, and in how many pieces, how far apart, its answer then comes. */
const SLOW_MS = 2_000;
const SLOW_PIECES = 8;
const SLOW_PIECE_MS = 250;

export async function startFaultProxy(options: ProxyOptions): Promise<Emulator> {
  const upstream = upstreamOf(options.endpoint);
  const server = createServer({ keepAliveTimeout: 65_000 });
  const serve = (message: IncomingMessage, response: ServerResponse) => {
    if (message.headers.expect !== undefined) response.writeContinue();
    // Whatever breaks is a broken connection to the caller, as it would be without us.
    exchange(options, upstream, message, response).catch(() => response.destroy());
  };
  server.on('request', serve).on('checkContinue', serve);
  server.listen({ host: randomLoopback(), port: 0 });
  await once(server, 'listening');
  const { address, port } = server.address() as AddressInfo;
  return {
    endpoint: `http://${address}:${port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      upstream.agent.destroy();
    },
  };
}

type Upstream = ReturnType<typeof upstreamOf>;

function upstreamOf(endpoint: string) {
  const { protocol, hostname, port, pathname } = new URL(endpoint);
  const isTls = protocol === 'https:';
  const agent = isTls ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const send = isTls ? httpsRequest : httpRequest;
  return { agent, send, to: { agent, hostname, port }, prefix: pathname.replace(/\/$/, '') };
}

async function exchange(
  options: ProxyOptions,
  upstream: Upstream,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { service, luck } = options;
  const operation = operationOf(service, message);
  const happens = (kind: CallFault | RefusalKind) => luck.happens(`${service}.${kind}` as FaultName, operation);
  // An object may be large; whatever else is sent is small, and may have to be looked at.
  const body = service === 's3' ? Buffer.alloc(0) : await buffer(message);
  const call: Call = { service, operation, body };
  const refusal = refusalsOf(call).find(happens);
  if (refusal !== undefined) return refuse(message, response, refusalOf(refusal, call));
  if (happens('cut')) return void response.destroy();
  const isSlow = happens('slow');
  if (isSlow) await delay(luck.upTo(SLOW_MS, operation));
  if (response.destroyed) return;
  const answer = await passOn(upstream, message, response, service === 's3' ? message : Readable.from([body]));
  if (happens('lost-answer')) {
    await buffer(answer); // Now it is done.
    return void response.destroy();
  }
  const alter = options.alter?.[operation];
  if (alter !== undefined) return sendAltered(alter, call, answer, response);
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  await pipeline(isSlow ? inPieces(answer) : answer, response);
}

/** In the order in which they are looked for. */
const refusalsOf = ({ operation }: Call): readonly RefusalKind[] => [
  'throttle',
  'error',
  ...(operation === 'TransactWriteItems' ? (['conflict'] as const) : []),
  ...(operation === 'RunTask' ? (['refuse'] as const) : []),
];

/** AWS's JSON protocols name it in a header (`AmazonSQS.ReceiveMessage`), S3 by its method. */
const operationOf = (service: ProxiedService, { headers, method = '' }: IncomingMessage): string =>
  service === 's3' ? method : String(headers['x-amz-target'] ?? method).replace(/^.*\./, '');

function refuse(message: IncomingMessage, response: ServerResponse, answer: ReturnType<typeof refusalOf>): void {
  if (message.complete) response.writeHead(answer.status, answer.headers).end(answer.body);
  else sendUnread(message, response, answer);
}

/** Resolves when the answer begins. Ends with the caller: a long poll whose caller has left would take messages that nobody gets. */
async function passOn(
  { send, to, prefix }: Upstream,
  message: IncomingMessage,
  response: ServerResponse,
  body: Readable,
): Promise<IncomingMessage> {
  const { connection: _ours, expect: _answered, ...headers } = message.headers;
  const request = send({ ...to, method: message.method, path: prefix + message.url, headers });
  response.once('close', () => request.destroy());
  const answering = once(request, 'response');
  await Promise.all([pipeline(body, request), answering]);
  return (await answering)[0] as IncomingMessage;
}

async function sendAltered(alter: Alter, call: Call, answer: IncomingMessage, response: ServerResponse): Promise<void> {
  const whole = await buffer(answer);
  const body = answer.statusCode === 200 ? await alter(call, whole) : whole;
  const { 'transfer-encoding': _, ...headers } = answer.headers;
  response.writeHead(answer.statusCode ?? 502, { ...headers, 'content-length': body.length }).end(body);
}

/** The same bytes, of which each chunk comes in pieces with pauses between them. */
async function* inPieces(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let pauses = SLOW_PIECES;
  for await (const chunk of chunks) {
    const size = Math.ceil(chunk.length / SLOW_PIECES);
    for (let at = 0; at < chunk.length; at += size) {
      if (pauses-- > 0) await delay(SLOW_PIECE_MS);
      yield chunk.subarray(at, at + size);
    }
  }
}
