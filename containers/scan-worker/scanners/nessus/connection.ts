/**
 * Requests to one Nessus server, as its own clients make them (facts of the API: https://developer.tenable.com/reference, and the sources of
 * nessrest and pyTenable). What it answers is not trusted, and what goes wrong has a name.
 */
import { createWriteStream } from 'node:fs';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { pipeline } from 'node:stream/promises';
import {
  ConflictError,
  ForbiddenError,
  NotFoundError,
  type ScanfleetError,
  TooLargeError,
  UnavailableError,
} from '#shared/errors.ts';

export interface Place {
  /** As errors call it. */
  readonly name: string;
  readonly url: string;
  /** Trusted in place of the well-known authorities; PEM. */
  readonly ca?: string | undefined;
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
  readonly signal: AbortSignal;
}

export interface Connection {
  /** The answer's JSON; undefined where it has none. */
  json(call: Call): Promise<unknown>;
  /** Writes the answer's body to `file`, anew. TooLargeError `output_cap` beyond `maxBytes`. */
  download(call: Call, file: string, maxBytes: number): Promise<void>;
  close(): void;
}

/** A connection in which nothing moves for so long is dead. */
const SILENT_MS = 60_000;
/** A list of some ten thousand scans. */
const MAX_JSON_BYTES = 16 * 1024 * 1024;
const MAX_SAID_CHARS = 200;

export function connectionTo({ name, url, ca }: Place): Connection {
  const encrypted = url.startsWith('https:');
  const agent = encrypted ? new HttpsAgent({ keepAlive: true, ca }) : new HttpAgent({ keepAlive: true });

  const send = ({ method, path, headers, body, signal }: Call): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const sent = (encrypted ? httpsRequest : httpRequest)(`${url}${path}`, {
        ...{ method, agent, signal, timeout: SILENT_MS },
        headers: {
          ...{ accept: '*/*', 'user-agent': 'scanfleet', ...headers },
          ...(text === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }),
        },
      });
      sent.on('timeout', () => sent.destroy(new Silence()));
      sent.on('error', reject);
      sent.on('response', resolve);
      sent.end(text);
    });

  /** The answer to a call that was taken. Throws by status, and for what came to nothing. */
  const answerTo = async (call: Call): Promise<IncomingMessage> => {
    const answer = await send(call);
    const { statusCode = 0 } = answer;
    if (statusCode >= 200 && statusCode < 300) return answer;
    throw refusal(name, statusCode, withoutSecrets(await errorIn(answer), call));
  };
  const named = <T>(doing: Promise<T>): Promise<T> =>
    doing.catch((error: unknown) => {
      throw failureOf(name, error);
    });

  return {
    json: (call) => named(answerTo(call).then(readJson)),
    download: (call, file, maxBytes) =>
      named(
        answerTo(call).then((answer) =>
          pipeline(answer, capped(maxBytes), createWriteStream(file, { mode: 0o600 }), { signal: call.signal }),
        ),
      ),
    close: () => agent.destroy(),
  };
}

class Silence extends Error {
  readonly code = 'ETIMEDOUT';
}

async function readJson(answer: IncomingMessage): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of capped(MAX_JSON_BYTES)(answer)) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Whoever asked finds missing what it needs.
  }
}

const capped = (maxBytes: number) =>
  async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new TooLargeError('output_cap', `the answer is larger than ${maxBytes} bytes`);
      yield chunk;
    }
  };

/** What the server says of why, made short; errors are `{"error": "…"}`. */
async function errorIn(answer: IncomingMessage): Promise<string> {
  const said = await readJson(answer).catch(() => undefined);
  const { error } = (typeof said === 'object' && said !== null ? said : {}) as { error?: unknown };
  return typeof error === 'string' ? `: ${error.replace(/[^\x20-\x7e]+/g, ' ').slice(0, MAX_SAID_CHARS)}` : '';
}

/** A server may repeat what it was sent; errors are stored and shown. */
function withoutSecrets(said: string, { headers = {}, body = {} }: Call): string {
  const words = [...Object.values(headers).flatMap((value) => value.split(/[=; ]+/)), ...Object.values(body)];
  const secrets = words.filter((word) => typeof word === 'string' && word.length >= SHORTEST_SECRET);
  return secrets.reduce<string>((text, secret) => text.replaceAll(secret, '…'), said);
}
/** What is shorter is no secret, and would make riddles of messages. */
const SHORTEST_SECRET = 6;

/** Since version 7, of editions that scan only by hand: 412 "API is not available" to whoever creates or launches a scan. */
const NO_API = 412;

function refusal(name: string, status: number, said: string): ScanfleetError {
  if (status === 401 || status === 403)
    return new ForbiddenError(
      'nessus_denied',
      `Nessus ${name} refuses its credentials, or this with them (${status}${said})`,
    );
  if (status === NO_API)
    return new ConflictError(
      'nessus_api_unavailable',
      `Nessus ${name} is an edition that scans only by hand (412${said}): scan there, and import its .nessus file by POST /uploads`,
    );
  if (status === 404) return new NotFoundError('nessus_refused', `Nessus ${name} does not have it (404${said})`);
  if (status === 409) return new NessusStateError('nessus_refused', `Nessus ${name}: not in this state (409${said})`);
  if (status === 429 || status >= 500)
    return new UnavailableError('nessus_unavailable', `Nessus ${name} is not able to (${status}${said})`);
  return new ConflictError('nessus_refused', `Nessus ${name} refuses the request (${status}${said})`);
}

/** What was asked cannot be done to a scan in the state it is in. */
export class NessusStateError extends ConflictError {}

/** As node:tls and OpenSSL call what is wrong with a certificate. */
const UNTRUSTED = /CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)|ALTNAME/;

function failureOf(name: string, error: unknown): unknown {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (!(error instanceof Error) || 'retryable' in error) return error;
  if (UNTRUSTED.test(code))
    return new ForbiddenError(
      'nessus_untrusted',
      `the certificate of Nessus ${name} cannot be verified (${code}): tls.ca must name who signed it`,
      [],
      { cause: error },
    );
  const why = error.name === 'AbortError' ? 'it was stopped' : code || error.message;
  return new UnavailableError('nessus_unavailable', `Nessus ${name} does not answer: ${why}`, { cause: error });
}
