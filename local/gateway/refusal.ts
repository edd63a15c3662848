/** What the gateway answers by itself, without asking a function. */
import { randomUUID } from 'node:crypto';
import type { OutgoingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  GATEWAY_PROBLEMS,
  type GatewayProblem,
  PROBLEM_CONTENT_TYPE,
  type Problem,
} from '#shared/contracts/problem.ts';
import { SECURITY_HEADERS } from '#shared/contracts/security-headers.ts';
import { HEADERS } from '#shared/names.ts';

/** Ends a request with a row of GATEWAY_PROBLEMS. `detail` says more than the row does. */
export class GatewayRefusal extends Error {
  readonly problem: GatewayProblem;
  readonly detail: string;
  constructor(problem: GatewayProblem, detail: string = GATEWAY_PROBLEMS[problem].detail, options?: ErrorOptions) {
    super(detail, options);
    this.problem = problem;
    this.detail = detail;
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

/** A refusal as it goes over the wire. */
export function problemAnswer({ problem, detail }: GatewayRefusal, requestId: string): Answer {
  const { status, code, title } = GATEWAY_PROBLEMS[problem];
  const document: Problem = { type: 'about:blank', title, status, code, detail, requestId };
  const body = Buffer.from(JSON.stringify(document));
  const headers = {
    ...SECURITY_HEADERS,
    'Content-Type': PROBLEM_CONTENT_TYPE,
    'Content-Length': body.byteLength,
    [HEADERS.requestId]: requestId,
  };
  return { status, headers, body };
}

/** For what is not HTTP, or whose head is too large or too slow: Node gives up on it before there is a request. */
export function refuseMalformed(_error: Error, socket: Duplex): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const detail = 'The request is not HTTP/1.1, or its head is too large, or it took too long.';
  const { status, headers, body } = problemAnswer(new GatewayRefusal('DEFAULT_4XX', detail), randomUUID());
  const lines = Object.entries({ ...headers, Connection: 'close' }).map(([name, value]) => `${name}: ${value}`);
  socket.end(`HTTP/1.1 ${status} Bad Request\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
}
