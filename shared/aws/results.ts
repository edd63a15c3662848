/** The object store on S3. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { CorruptError, NotFoundError, UnavailableError } from '../errors.ts';
import type { Results, StoredObject } from '../finding/results.ts';
import { backoff } from './backoff.ts';
import { isTransient, unavailable } from './failure.ts';

/** At 10,000 parts, S3's limit, for objects up to 78 GiB; two parts under way and one being filled are what an upload holds in memory. */
const PART_BYTES = 8 * 1024 * 1024;
const PARTS_UNDER_WAY = 2;
/** How often a read may break without a single byte in between, and for how long another try may begin. */
const MAX_READ_TRIES = 5;
const READ_PATIENCE_MS = 8_000;
/** Until the answer to a request that moves little begins: see clients.ts. */
const READ_WITHIN = { requestTimeout: 4_000 } as const;
const DONE_WITHIN = { requestTimeout: 6_000 } as const;

const UNAVAILABLE = 'results_unavailable';

export function s3Results(client: S3Client, bucket: string): Results {
  return {
    async write(key, body, contentType, metadata = {}) {
      const params = { Bucket: bucket, Key: key, ContentType: contentType, Metadata: { ...metadata } };
      const { stored, measured } = measure(body);
      const writing =
        measured instanceof Uint8Array
          ? client.send(new PutObjectCommand({ ...params, Body: measured }), DONE_WITHIN)
          : new Upload({
              client,
              params: { ...params, Body: Readable.from(measured) },
              partSize: PART_BYTES,
              queueSize: PARTS_UNDER_WAY,
            }).done();
      await writing.catch(unavailable(UNAVAILABLE, `writing ${key}`));
      return stored();
    },

    read: (key, range) => readObject(client, bucket, key, range),

    async head(key) {
      try {
        const answer = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }), READ_WITHIN);
        return { bytes: answer.ContentLength ?? 0, etag: answer.ETag ?? '', metadata: answer.Metadata ?? {} };
      } catch (error) {
        if (error instanceof NotFound) return undefined;
        return unavailable(UNAVAILABLE, `looking for ${key}`)(error);
      }
    },

    async create(key, body, contentType) {
      const command = new PutObjectCommand({
        ...{ Bucket: bucket, Key: key, ContentType: contentType, Body: body },
        IfNoneMatch: '*',
      });
      try {
        await client.send(command, DONE_WITHIN);
        return true;
      } catch (error) {
        if (error instanceof Error && error.name === 'PreconditionFailed') return false;
        return unavailable(UNAVAILABLE, `writing ${key}`)(error);
      }
    },

    async list(prefix, limit, after) {
      const command = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: limit, StartAfter: after });
      const { Contents = [], IsTruncated = false } = await client
        .send(command, DONE_WITHIN)
        .catch(unavailable(UNAVAILABLE, `listing ${prefix}`));
      return { objects: Contents.map(({ Key = '', Size = 0 }) => ({ key: Key, bytes: Size })), more: IsTruncated };
    },

    async removeAll(prefix) {
      try {
        for await (const { Contents = [] } of paginateListObjectsV2(
          { client },
          { Bucket: bucket, Prefix: prefix },
          DONE_WITHIN,
        ))
          await removeEach(
            client,
            bucket,
            Contents.map(({ Key }) => Key ?? ''),
          );
      } catch (error) {
        unavailable(UNAVAILABLE, `deleting ${prefix}`)(error);
      }
    },
  };
}

/** The same body, and after it has passed what it amounted to. */
function measure(body: Uint8Array | AsyncIterable<Uint8Array>): {
  measured: Uint8Array | AsyncIterable<Uint8Array>;
  stored: () => StoredObject;
} {
  const hash = createHash('sha256');
  let bytes = 0;
  const count = (chunk: Uint8Array): Uint8Array => {
    hash.update(chunk);
    bytes += chunk.length;
    return chunk;
  };
  const counted = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) yield count(chunk);
  };
  const measured = body instanceof Uint8Array ? count(body) : counted(body);
  return { measured, stored: () => ({ bytes, sha256: hash.digest('hex') }) };
}

/** A page of a list is at most as long as one DeleteObjects may be. */
async function removeEach(client: S3Client, bucket: string, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  const Delete = { Objects: keys.map((Key) => ({ Key })), Quiet: true };
  const { Errors = [] } = await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete }), DONE_WITHIN);
  const [first] = Errors;
  if (first) throw new UnavailableError(UNAVAILABLE, `${Errors.length} objects stay: ${first.Key}: ${first.Message}`);
}

interface Position {
  /** The next byte, and the last one once it is known. */
  at: number;
  last: number | undefined;
  etag: string | undefined;
}

/** Goes on where a connection broke, as long as the object is still the same. Leaving the loop early closes the connection. */
async function* readObject(
  client: S3Client,
  bucket: string,
  key: string,
  range?: { start: number; end?: number },
): AsyncIterable<Uint8Array> {
  const position: Position = { at: range?.start ?? 0, last: range?.end, etag: undefined };
  const whole = range === undefined;
  let startedAt = performance.now();
  for (let tries = 1; ; tries++) {
    const before = position.at;
    try {
      yield* readOn(client, { Bucket: bucket, Key: key }, position, whole && position.at === 0);
      return;
    } catch (error) {
      if (position.at > before) [tries, startedAt] = [1, performance.now()];
      if (!isBroken(error) || isEnough(tries, startedAt)) throw nameFailure(error, key);
      await backoff(tries);
    }
  }
}

const isEnough = (tries: number, startedAt: number): boolean =>
  tries >= MAX_READ_TRIES || performance.now() - startedAt > READ_PATIENCE_MS;

async function* readOn(
  client: S3Client,
  object: { Bucket: string; Key: string },
  position: Position,
  whole: boolean,
): AsyncIterable<Uint8Array> {
  const Range = whole ? undefined : `bytes=${position.at}-${position.last ?? ''}`;
  const answer = await client.send(new GetObjectCommand({ ...object, Range, IfMatch: position.etag }), READ_WITHIN);
  position.etag ??= answer.ETag;
  position.last = position.at + (answer.ContentLength ?? 0) - 1;
  for await (const chunk of answer.Body as Readable) {
    position.at += chunk.length;
    yield chunk;
  }
  if (position.at <= position.last) throw new BrokenRead(`the connection ended before byte ${position.last}`);
}

class BrokenRead extends Error {}

/** As node:http names a connection that broke in mid-body, and as the SDK does. */
const BROKEN_CODES = ['ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE', 'EPIPE', 'ETIMEDOUT'];

const isBroken = (error: unknown): boolean =>
  error instanceof BrokenRead ||
  isTransient(error) ||
  BROKEN_CODES.includes((error as NodeJS.ErrnoException).code ?? '') ||
  (error instanceof Error && error.name === 'TimeoutError');

function nameFailure(error: unknown, key: string): unknown {
  if (error instanceof NoSuchKey) return new NotFoundError('object_missing', `there is no ${key}`, { cause: error });
  if (error instanceof Error && error.name === 'PreconditionFailed')
    return new CorruptError('object_changed', `${key} changed while it was read`, { cause: error });
  if (isBroken(error))
    return new UnavailableError(UNAVAILABLE, `reading ${key}: ${(error as Error).message}`, { cause: error });
  return error;
}
