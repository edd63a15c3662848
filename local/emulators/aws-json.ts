/**
 * A server for AWS's JSON protocol (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html): POST /, the operation in
 * X-Amz-Target, every request signed, web pages refused.
 */
import type { IncomingMessage } from 'node:http';
import * as z from 'zod';
import { GatewayRefusal } from '../gateway/refusal.ts';
import { readBody, sendUnread } from '../gateway/request-body.ts';
import { payloadHashOf, type SignatureFault, type SigningKey, sigV4Verifier } from '../sigv4.ts';
import type { Emulator } from './emulator.ts';
import { type Exchange, startHttpServer } from './http-server.ts';

export type Operation = (input: unknown) => Promise<object>;

/** `run` with its input checked; what does not fit is answered with `fault` and names each field. */
export const operation =
  <S extends z.ZodType>(fault: string, schema: S, run: (input: z.output<S>) => Promise<object>): Operation =>
  async (input) => {
    const parsed = schema.safeParse(input);
    if (!parsed.success) throw new AwsJsonFault(fault, z.prettifyError(parsed.error));
    return run(parsed.data);
  };

/** What the caller gets as an exception named `type`. */
export class AwsJsonFault extends Error {
  readonly type: string;
  readonly status: number;
  constructor(type: string, message: string, status = 400) {
    super(message);
    this.type = type;
    this.status = status;
  }
}

export interface AwsJsonOptions {
  /** The service's name in signatures, as in `ecs`. */
  readonly service: string;
  /** What stands before the operation in X-Amz-Target, as in `AWSEvents`. */
  readonly target: string;
  readonly region: string;
  readonly identities: ReadonlyMap<string, SigningKey>;
  readonly now: () => Date;
  /** Told of what the emulator itself got wrong, which its caller sees as InternalFailure. */
  readonly onFault: (error: unknown) => void;
  readonly operations: Readonly<Record<string, Operation>>;
  /** Answers to GET requests, which are not signed, by path. */
  readonly documents?: (path: string) => object | undefined;
}

/** Far above what RunTask or PutEvents take. */
const MAX_BODY_BYTES = 1024 * 1024;

// biome-ignore format: a table reads by column
const TYPE_OF: Readonly<Record<SignatureFault, string>> = {
  missing:     'MissingAuthenticationTokenException',
  malformed:   'IncompleteSignatureException',
  unknown_key: 'UnrecognizedClientException',
  wrong_scope: 'InvalidSignatureException',
  expired:     'InvalidSignatureException',
  mismatch:    'InvalidSignatureException',
};

export function startAwsJson(options: AwsJsonOptions): Promise<Emulator> {
  const verify = sigV4Verifier(options);
  const answer = async ({ message, response, foreign }: Exchange): Promise<object> => {
    if (foreign) throw new AwsJsonFault('AccessDeniedException', 'Not for web pages.', 403);
    if (message.method === 'GET') return readDocument(options, message);
    const body = await readBody(message, response, MAX_BODY_BYTES).catch(tooLarge);
    const result = verify(message, payloadHashOf(body));
    if (!result.ok) throw new AwsJsonFault(TYPE_OF[result.fault], `${result.reason}.`, 403);
    return operationOf(options, message)(readJson(body));
  };
  return startHttpServer(async (exchange) => {
    try {
      send(exchange, 200, await answer(exchange));
    } catch (error) {
      refuse(options, exchange, error);
    }
  });
}

function tooLarge(error: unknown): never {
  if (error instanceof GatewayRefusal) throw new AwsJsonFault('RequestEntityTooLargeException', 'Too large.', 413);
  throw error;
}

function readDocument({ documents }: AwsJsonOptions, { url = '' }: IncomingMessage): object {
  const document = documents?.(url);
  if (document === undefined) throw new AwsJsonFault('NotFoundException', 'There is nothing here.', 404);
  return document;
}

function operationOf({ target, operations }: AwsJsonOptions, { headers }: IncomingMessage): Operation {
  const [service, name = ''] = String(headers['x-amz-target'] ?? '').split('.');
  const found = service === target && Object.hasOwn(operations, name) ? operations[name] : undefined;
  if (found === undefined) throw new AwsJsonFault('UnknownOperationException', 'This emulator does not do that.');
  return found;
}

function readJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new AwsJsonFault('SerializationException', 'The body is not JSON.');
  }
}

function refuse({ onFault }: AwsJsonOptions, exchange: Exchange, error: unknown): void {
  if (exchange.response.destroyed) return;
  const expected = error instanceof AwsJsonFault;
  if (!expected) onFault(error);
  const { type, message, status } = expected ? error : new AwsJsonFault('InternalFailure', 'An internal error.', 500);
  send(exchange, status, { __type: type, message });
}

function send({ message, response }: Pick<Exchange, 'message' | 'response'>, status: number, content: object): void {
  const body = Buffer.from(JSON.stringify(content));
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'content-length': body.length };
  if (message.complete) response.writeHead(status, headers).end(body);
  else sendUnread(message, response, { status, headers, body });
}
