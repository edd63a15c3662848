/**
 * A small server that stands for the API: it checks each request's signature with a signer of another make (aws4fetch signs the request
 * again; both must agree) and then answers as the test tells it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { AwsV4Signer } from 'aws4fetch';
import type { Problem } from '#shared/contracts/problem.ts';

export interface Received {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Answer = (request: Received, response: ServerResponse) => void;

export interface ContractServer {
  /** Without a trailing slash. */
  readonly url: string;
  readonly region: string;
  readonly identity: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Requests whose signature was right, in order. */
  readonly received: readonly Received[];
  /** What the next requests get. The last stands for all after it. */
  answer(...answers: readonly Answer[]): void;
  close(): Promise<void>;
}

export const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };

export const problem = (
  status: number,
  code: string,
  more: Partial<Problem> & { retryAfter?: string } = {},
): Answer => {
  const { retryAfter, ...fields } = more;
  const body = { type: 'about:blank', title: 'Refused', status, code, requestId: 'request-1', ...fields };
  return json(status, body, retryAfter === undefined ? {} : { 'retry-after': retryAfter });
};

/** Breaks the connection: before a word, or after `sent`. */
export const broken =
  (sent?: string, headers: Record<string, string> = {}): Answer =>
  (_, response) => {
    if (sent === undefined) response.destroy();
    else response.writeHead(200, headers).write(sent, () => setImmediate(() => response.destroy()));
  };

export async function startContractServer(path = ''): Promise<ContractServer> {
  const region = 'eu-west-1';
  const identity = { accessKeyId: 'AKIDTEST', secretAccessKey: 'secret of the test' };
  const received: Received[] = [];
  let answers: Answer[] = [problem(500, 'no_answer_prepared')];
  const server = createServer(async (incoming, response) => {
    const body = await text(incoming);
    const { method = '', headers } = incoming;
    const request = { method, url: new URL(incoming.url ?? '', `http://${headers.host}`), headers, body };
    const expected = await signatureOf(request, identity, region);
    if (headers.authorization !== expected) return problem(403, 'invalid_signature')(request, response);
    received.push(request);
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    answer?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${path}`,
    region,
    identity,
    received,
    answer: (...next) => {
      answers = [...next];
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The Authorization header that this request should have had. */
async function signatureOf(
  { method, url, headers, body }: Received,
  keys: { accessKeyId: string; secretAccessKey: string },
  region: string,
): Promise<string | undefined> {
  const names = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '')?.[1]?.split(';') ?? [];
  if (!['host', 'x-amz-date'].every((name) => names.includes(name))) return undefined;
  const signer = new AwsV4Signer({
    ...keys,
    method,
    url: url.href,
    headers: names.filter((name) => name !== 'host').map((name) => [name, String(headers[name])] as [string, string]),
    body,
    service: 'execute-api',
    region,
    datetime: String(headers['x-amz-date']),
    allHeaders: true,
  });
  return (await signer.sign()).headers.get('authorization') ?? undefined;
}
