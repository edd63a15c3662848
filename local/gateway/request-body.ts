/** Reads a request's body up to a limit, and no further. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Answer, GatewayRefusal } from './refusal.ts';

/** The caller closed the connection: nobody is left to answer. Has the code of node:stream, so that functions know it as what it is. */
export class ClientGone extends Error {
  readonly code = 'ERR_STREAM_PREMATURE_CLOSE';
  override readonly message = 'the client went away';
}

/** Throws ClientGone, and GatewayRefusal REQUEST_TOO_LARGE as soon as the body is known to be larger than `maxBytes`. */
export async function readBody(request: IncomingMessage, response: ServerResponse, maxBytes: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw new GatewayRefusal('REQUEST_TOO_LARGE');
  if (request.headers.expect !== undefined) response.writeContinue();
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.byteLength;
      if (bytes <= maxBytes) chunks.push(chunk);
      else reject(new GatewayRefusal('REQUEST_TOO_LARGE'));
    });
    request.once('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    request.once('close', () => request.complete || reject(new ClientGone()));
    request.once('error', reject);
  });
}

/** How long the rest of a refused body is thrown away before the connection is cut. */
const LINGER_MS = 1_000;

/**
 * Sends an answer to a request that is not read to its end. Closing at once would reset the connection while the client still sends, and
 * it might never see the answer (RFC 9112, section 9.6): what comes is thrown away for a moment first.
 */
export function sendUnread(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const end = () => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, LINGER_MS);
  request.once('end', end).once('close', end).resume();
  response.writeHead(answer.status, { ...answer.headers, Connection: 'close' });
  response.write(answer.body);
}
