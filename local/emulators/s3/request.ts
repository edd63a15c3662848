/** A request to S3 as the operations read it. Only path-style addresses: an emulator has no name for each bucket. */
import type { IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { readQuery } from '../../sigv4.ts';
import { S3Fault } from './fault.ts';
import { type HeaderOf, payload } from './payload.ts';

export interface S3Request {
  readonly method: string;
  readonly bucket: string;
  /** Empty for a request about the bucket. */
  readonly key: string;
  readonly query: ReadonlyMap<string, string>;
  /** As sent; in a presigned URL the query may stand for headers that begin with `x-amz-`. */
  readonly header: HeaderOf;
  /** The user's metadata, by name without `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The body, checked while it is read. */
  body(): AsyncIterable<Uint8Array>;
}

const METADATA = 'x-amz-meta-';

/** `ready` is called when the body is wanted. Throws S3Fault InvalidURI. */
export function readRequest(message: IncomingMessage, ready: () => void): S3Request {
  const { method = '', url = '' } = message;
  const [path, query] = splitOnce(url, '?');
  const [bucket, key] = splitOnce(decoded(decodeURIComponent, path).slice(1), '/');
  const pairs = decoded(readQuery, query);
  const hoisted = new Map(pairs.map(([name, value]) => [name.toLowerCase(), value]));
  const headers = new Map([
    ...Array.from(hoisted).filter(([name]) => name.startsWith('x-amz-')),
    ...Object.entries(message.headers).map(([name, value]) => [name, String(value)] as const),
  ]);
  const header: HeaderOf = (name) => headers.get(name);
  return {
    method,
    bucket,
    key,
    query: new Map(pairs),
    header,
    metadata: Object.fromEntries(
      Array.from(headers)
        .filter(([name]) => name.startsWith(METADATA))
        .map(([name, value]) => [name.slice(METADATA.length), value]),
    ),
    body() {
      ready();
      // A fault in mid-body is still answered: leaving the loop must not destroy the connection.
      return payload(message.iterator({ destroyOnReturn: false }), header);
    },
  };
}

const splitOnce = (text: string, mark: string): [string, string] => {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
};

function decoded<Result>(decode: (text: string) => Result, text: string): Result {
  try {
    return decode(text);
  } catch (cause) {
    throw new S3Fault('InvalidURI', undefined, { cause });
  }
}

/** A thousand keys of a thousand bytes each, and some. */
const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;

/** The whole body as text. Throws S3Fault InvalidRequest when it is too long for a document. */
export async function readDocument(request: S3Request): Promise<string> {
  if (Number(request.header('content-length') ?? 0) > MAX_DOCUMENT_BYTES)
    throw new S3Fault('InvalidRequest', 'Too long.');
  return (await buffer(request.body())).toString('utf8');
}
