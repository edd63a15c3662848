/** Reading and writing one object. */
import type { Readable } from 'node:stream';
import { S3Fault } from './fault.ts';
import { emptyReply, headerValue, type Reply } from './reply.ts';
import type { S3Request } from './request.ts';
import type { OpenBucket } from './store.ts';
import type { Facts } from './stored-file.ts';

/** What an object keeps of its headers, and what a GET may override by `response-…`. */
const KEPT_HEADERS = [
  'content-type',
  'content-disposition',
  'content-encoding',
  'content-language',
  'cache-control',
  'expires',
] as const;

export async function putObject({ objects }: OpenBucket, request: S3Request, now: Date): Promise<Reply> {
  const given = { ...described(request), modifiedAt: now.toISOString() };
  const facts = await objects.put(request.body(), given, putOptions(request));
  return emptyReply(200, { etag: quoted(facts.etag) });
}

export async function deleteObject({ objects }: OpenBucket, request: S3Request): Promise<Reply> {
  await objects.remove(request.key);
  return emptyReply(204);
}

export const getObject = (bucket: OpenBucket, request: S3Request): Promise<Reply> => answer(bucket, request, true);
export const headObject = (bucket: OpenBucket, request: S3Request): Promise<Reply> => answer(bucket, request, false);

/** What a new object, or an upload for one, is told by the request's headers. */
export function described({ key, header, metadata }: S3Request): Pick<Facts, 'key' | 'headers' | 'metadata'> {
  if (header('x-amz-copy-source') !== undefined) throw new S3Fault('NotImplemented', 'Copying');
  const headers = KEPT_HEADERS.flatMap((name) => {
    const value = name === 'content-encoding' ? withoutChunking(header(name)) : header(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return { key, metadata, headers: { 'content-type': 'binary/octet-stream', ...Object.fromEntries(headers) } };
}

/** aws-chunked is how the body travels, not what the object is. */
function withoutChunking(encoding: string | undefined): string | undefined {
  const kept = (encoding ?? '').split(',').filter((coding) => !['', 'aws-chunked'].includes(coding.trim()));
  return kept.length === 0 ? undefined : kept.join(',');
}

/** Throws S3Fault NotImplemented for a condition that would otherwise be passed over. */
export function putOptions({ header }: S3Request): { onlyNew: boolean } {
  const condition = header('if-none-match');
  if (header('if-match') !== undefined || (condition !== undefined && condition !== '*'))
    throw new S3Fault('NotImplemented', 'A write under any condition but If-None-Match: *');
  return { onlyNew: condition !== undefined };
}

export const quoted = (etag: string): string => `"${etag}"`;

async function answer({ objects }: OpenBucket, request: S3Request, withBody: boolean): Promise<Reply> {
  const file = await objects.open(request.key);
  if (file === undefined) throw new S3Fault('NoSuchKey');
  let body: Readable | undefined;
  try {
    const { facts } = file;
    const headers = answerHeaders(facts, request);
    if (request.header('if-match') !== undefined && !matches(facts, request.header('if-match')))
      throw new S3Fault('PreconditionFailed');
    if (matches(facts, request.header('if-none-match'))) return emptyReply(304, headers);
    const range = readRange(request.header('range'), facts.bytes);
    const { start, end } = range ?? { start: 0, end: facts.bytes - 1 };
    const length = { 'content-length': String(end - start + 1) };
    if (withBody && end >= start) body = file.read(start, end);
    return {
      status: range ? 206 : 200,
      headers: range
        ? { ...headers, ...length, 'content-range': `bytes ${start}-${end}/${facts.bytes}` }
        : { ...headers, ...length },
      ...(body ? { body } : {}),
    };
  } finally {
    if (body === undefined) await file.close();
  }
}

function answerHeaders(facts: Facts, { query }: S3Request): Record<string, string> {
  const overridden = KEPT_HEADERS.flatMap((name) => {
    const value = query.get(`response-${name}`);
    return value === undefined ? [] : [[name, headerValue(name, value)] as const];
  });
  const metadata = Object.entries(facts.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value] as const);
  return {
    ...facts.headers,
    ...Object.fromEntries([...metadata, ...overridden]),
    etag: quoted(facts.etag),
    'last-modified': new Date(facts.modifiedAt).toUTCString(),
    'accept-ranges': 'bytes',
  };
}

const matches = (facts: Facts, condition: string | undefined): boolean =>
  (condition ?? '').split(',').some((one) => ['*', facts.etag, quoted(facts.etag)].includes(one.trim()));

/** One range, both ends inclusive; undefined for everything, and for what is no single range of bytes (RFC 9110, section 14.2). */
function readRange(header: string | undefined, bytes: number): { start: number; end: number } | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, bytes - Number(last)) : Number(first);
  const end = first === '' || last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1);
  if (first !== '' && last !== '' && Number(last) < start) return undefined;
  if (start > end) throw new S3Fault('InvalidRange');
  return { start, end };
}
