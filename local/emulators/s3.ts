/**
 * S3 on this machine: the calls this service makes, over files. Every request must be signed, in its headers or its URL; web pages are
 * refused. Memory stays the same whatever the size of an object.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { sendUnread } from '../gateway/request-body.ts';
import { type SignatureFault, type SigningKey, sigV4Verifier, type Verification } from '../sigv4.ts';
import type { Emulator } from './emulator.ts';
import { type Exchange, startHttpServer } from './http-server.ts';
import { type FaultCode, S3Fault } from './s3/fault.ts';
import { operate } from './s3/operation.ts';
import type { Reply } from './s3/reply.ts';
import { readRequest, type S3Request } from './s3/request.ts';
import { openStore, type Store } from './s3/store.ts';
import { xmlDocument } from './s3/xml.ts';

export interface S3Options {
  /** Where everything is kept. */
  readonly folder: string;
  readonly region: string;
  readonly identities: ReadonlyMap<string, SigningKey>;
  readonly now: () => Date;
  /** Told of what S3 itself got wrong, which its caller sees as InternalError. */
  readonly onFault: (error: unknown) => void;
}

// biome-ignore format: a table reads by column
const CODE_OF: Readonly<Record<SignatureFault, FaultCode>> = {
  missing:     'AccessDenied',
  malformed:   'AuthorizationHeaderMalformed',
  unknown_key: 'InvalidAccessKeyId',
  wrong_scope: 'AuthorizationHeaderMalformed',
  expired:     'RequestTimeTooSkewed',
  mismatch:    'SignatureDoesNotMatch',
};

export async function startS3(options: S3Options): Promise<Emulator> {
  const store = await openStore(options.folder, options.now);
  const verify = sigV4Verifier({ ...options, service: 's3' });
  return startHttpServer((exchange) => serve({ ...options, store, verify }, exchange));
}

interface Deps extends S3Options {
  readonly store: Store;
  readonly verify: (message: IncomingMessage, payloadHash: string) => Verification<SigningKey>;
}

async function serve(deps: Deps, { message, response, foreign }: Exchange): Promise<void> {
  const requestId = randomUUID();
  try {
    if (foreign) throw new S3Fault('AccessDenied');
    const ready = () => void (message.headers.expect === undefined || response.writeContinue());
    const request = readRequest(message, ready);
    authenticate(deps, message, request);
    await send(response, requestId, await operate(deps.store, request, deps.now()));
  } catch (error) {
    const gone = message.destroyed && !message.complete;
    if (!(error instanceof S3Fault) && !gone && !response.destroyed) deps.onFault(error);
    refuse(message, response, requestId, error);
  }
}

/** What the signature says of the body is what the body is then held to (payload.ts). */
function authenticate({ verify }: Deps, message: IncomingMessage, { query, header }: S3Request): void {
  const presigned = query.has('X-Amz-Signature');
  const payloadHash = header('x-amz-content-sha256') ?? (presigned ? 'UNSIGNED-PAYLOAD' : undefined);
  const result = verify(message, payloadHash ?? '');
  if (!result.ok) {
    const code = presigned && result.fault === 'expired' ? 'AccessDenied' : CODE_OF[result.fault];
    throw new S3Fault(code, result.fault === 'missing' ? undefined : `${result.reason}.`);
  }
  if (payloadHash === undefined) throw new S3Fault('InvalidRequest', 'The header x-amz-content-sha256 is missing.');
}

async function send(response: ServerResponse, requestId: string, { status, headers, body }: Reply): Promise<void> {
  response.writeHead(status, { ...headers, 'x-amz-request-id': requestId });
  if (body === undefined || typeof body === 'string') response.end(body);
  else await pipeline(body, response);
}

/** After the first byte of an answer only a broken connection can still say that something is wrong. */
function refuse(message: IncomingMessage, response: ServerResponse, requestId: string, error: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const fault = error instanceof S3Fault ? error : new S3Fault('InternalError');
  const content = { Code: fault.code, Message: fault.message, Resource: message.url ?? '', RequestId: requestId };
  const body = Buffer.from(xmlDocument('Error', content));
  const answer = {
    status: fault.status,
    headers: {
      'content-type': 'application/xml',
      'content-length': body.length,
      'x-amz-request-id': requestId,
    },
    body: message.method === 'HEAD' ? Buffer.alloc(0) : body,
  };
  if (message.complete) response.writeHead(answer.status, answer.headers).end(answer.body);
  else sendUnread(message, response, answer);
}
