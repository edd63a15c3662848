import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { AwsClient } from 'aws4fetch';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Emulator } from '#local/emulators/emulator.ts';
import { startS3 } from '#local/emulators/s3.ts';
import { TEST_CREDENTIALS, TEST_REGION } from '#test/support/emulators.ts';

const Bucket = 'test-bucket';

let folder: string;
let s3: Emulator;
let client: S3Client;
let faults: unknown[];
let now: () => Date;

const clientWith = (changes = {}) =>
  new S3Client({ endpoint: s3.endpoint, region: TEST_REGION, credentials: TEST_CREDENTIALS, ...changes });

async function start() {
  s3 = await startS3({
    folder,
    region: TEST_REGION,
    identities: new Map([[TEST_CREDENTIALS.accessKeyId, TEST_CREDENTIALS]]),
    now: () => now(),
    onFault: (error) => faults.push(error),
  });
  client = clientWith();
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scanfleet-s3-'));
  faults = [];
  now = () => new Date();
  await start();
  await client.send(new CreateBucketCommand({ Bucket }));
});
afterEach(async () => {
  client.destroy();
  await s3.close();
  await rm(folder, { recursive: true, force: true });
  expect(faults).toEqual([]);
});

const put = (Key: string, Body: string | Readable, more = {}) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
const get = async (Key: string, more = {}) => {
  const answer = await client.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return answer.Body?.transformToString();
};
const keys = async (more = {}) =>
  (await client.send(new ListObjectsV2Command({ Bucket, ...more }))).Contents?.map(({ Key }) => Key) ?? [];
const codeOf = async (answer: Response) => [answer.status, /<Code>(\w+)<\/Code>/.exec(await answer.text())?.[1]];

/** A second, independent client: signed by aws4fetch, the rest as given. */
const signedFetch = (path: string, init: RequestInit & { headers?: Record<string, string> } = {}, key = {}) =>
  new AwsClient({ ...TEST_CREDENTIALS, region: TEST_REGION, service: 's3', retries: 0, ...key }).fetch(
    `${s3.endpoint}/${Bucket}${path}`,
    init,
  );

describe('only who is known gets in', () => {
  beforeEach(() => put('key', 'content'));

  it('an independent client does', async () => {
    expect(await (await signedFetch('/key')).text()).toBe('content');
  });

  it.each([
    ['another secret', { secretAccessKey: 'other' }, 403, 'SignatureDoesNotMatch'],
    ['an unknown key', { accessKeyId: 'OTHER' }, 403, 'InvalidAccessKeyId'],
    ['another region', { region: 'us-east-1' }, 400, 'AuthorizationHeaderMalformed'],
    ['another service', { service: 'execute-api' }, 400, 'AuthorizationHeaderMalformed'],
    ['a session token', { sessionToken: 'token' }, 403, 'InvalidAccessKeyId'],
  ])('signed with %s: refused', async (_, key, status, code) => {
    expect(await codeOf(await signedFetch('/key', {}, key))).toEqual([status, code]);
  });

  it('unsigned: refused', async () => {
    for (const method of ['GET', 'PUT', 'DELETE', 'POST'])
      expect(await codeOf(await fetch(`${s3.endpoint}/${Bucket}/key`, { method }))).toEqual([403, 'AccessDenied']);
    expect(await get('key')).toBe('content');
  });

  it('signed 6 minutes ago: refused', async () => {
    now = () => new Date(Date.now() + 360_000);
    expect(await codeOf(await signedFetch('/key'))).toEqual([403, 'RequestTimeTooSkewed']);
  });

  it('a web page: refused, whatever it can sign, and no answer carries a CORS header', async () => {
    const answer = await signedFetch('/key', { headers: { origin: 'https://example.com' } });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    expect(await codeOf(answer)).toEqual([403, 'AccessDenied']);
  });

  it('another host name: refused (DNS rebinding), even with a right signature', async () => {
    const port = new URL(s3.endpoint).port;
    const url = await getSignedUrl(
      clientWith({ endpoint: `http://rebound.example:${port}`, forcePathStyle: true }),
      new GetObjectCommand({ Bucket, Key: 'key' }),
    );
    const { pathname, search, host } = new URL(url);
    const status = await new Promise((resolve) =>
      httpRequest(`${s3.endpoint}${pathname}${search}`, { headers: { host } }, (answer) =>
        resolve(answer.resume().statusCode),
      ).end(),
    );
    expect(status).toBe(403);
  });

  it('a presigned write works once signed, for its key only', async () => {
    const signer = clientWith({ requestChecksumCalculation: 'WHEN_REQUIRED' });
    const url = await getSignedUrl(signer, new PutObjectCommand({ Bucket, Key: 'up load' }), { expiresIn: 60 });
    const write = (to: string) => fetch(to, { method: 'PUT', body: 'data' });
    expect((await write(url)).status).toBe(200);
    expect(await get('up load')).toBe('data');
    expect(await codeOf(await write(url.replace('up%20load', 'other')))).toEqual([403, 'SignatureDoesNotMatch']);
    expect(await codeOf(await fetch(url))).toEqual([403, 'SignatureDoesNotMatch']);
    now = () => new Date(Date.now() + 61_000);
    expect(await codeOf(await write(url))).toEqual([403, 'AccessDenied']);
  });
});

describe('a body is held to what was said of it', () => {
  const sha256 = (body: string) => createHash('sha256').update(body).digest('hex');
  const base64Crc = (body: string) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(crc32(body));
    return bytes.toString('base64');
  };

  it('a stream, in chunks with its checksum behind it', async () => {
    await put('key', Readable.from([Buffer.from('con'), Buffer.from('tent')]), { ContentLength: 7 });
    expect(await get('key')).toBe('content');
    expect((await client.send(new HeadObjectCommand({ Bucket, Key: 'key' }))).ContentEncoding).toBeUndefined();
  });

  it.each(['CRC32', 'SHA1', 'SHA256'] as const)('a %s checksum', async (ChecksumAlgorithm) => {
    await put('key', 'content', { ChecksumAlgorithm });
    await put('key', Readable.from(['con', 'tent'].map((part) => Buffer.from(part))), {
      ContentLength: 7,
      ChecksumAlgorithm,
    });
    expect(await get('key')).toBe('content');
  });

  // biome-ignore format: a table reads by column
  const WRONG: [string, Record<string, string>, string, number, string][] = [
    ['SHA-256',      { 'x-amz-content-sha256': sha256('other') },                        'content', 400, 'XAmzContentSHA256Mismatch'],
    ['CRC-32',       { 'x-amz-checksum-crc32': base64Crc('other') },                     'content', 400, 'BadDigest'],
    ['MD5',          { 'content-md5': createHash('md5').update('other').digest('base64') }, 'content', 400, 'BadDigest'],
    ['signed chunks', { 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' },  'content', 501, 'NotImplemented'],
    ['CRC-32C',      { 'x-amz-trailer': 'x-amz-checksum-crc32c' },                       'content', 501, 'NotImplemented'],
  ];
  it.each(WRONG)('a wrong or unknown %s leaves nothing', async (_, headers, body, status, code) => {
    expect(await codeOf(await signedFetch('/key', { method: 'PUT', headers, body }))).toEqual([status, code]);
    expect(await keys()).toEqual([]);
  });

  const CHUNKED = {
    'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    'x-amz-decoded-content-length': '7',
    'x-amz-trailer': 'x-amz-checksum-crc32',
    'content-encoding': 'aws-chunked',
  };
  const trailer = (body: string) => `x-amz-checksum-crc32:${base64Crc(body)}\r\n\r\n`;
  it.each([
    ['as it should be', `3\r\ncon\r\n4\r\ntent\r\n0\r\n${trailer('content')}`, 200, undefined],
    ['with a wrong checksum', `7\r\ncontent\r\n0\r\n${trailer('other')}`, 400, 'BadDigest'],
    ['without its checksum', '7\r\ncontent\r\n0\r\n\r\n', 400, 'BadDigest'],
    ['shorter than announced', `3\r\ncon\r\n0\r\n${trailer('con')}`, 400, 'IncompleteBody'],
    ['cut', '7\r\ncont', 400, 'IncompleteBody'],
    ['with a wrong length', `5\r\ncontent\r\n0\r\n${trailer('content')}`, 400, 'InvalidRequest'],
    ['without lengths', 'content', 400, 'IncompleteBody'],
    ['with a length that is none', `x\r\ncontent\r\n0\r\n${trailer('content')}`, 400, 'InvalidRequest'],
    ['with more behind its end', `7\r\ncontent\r\n0\r\n${trailer('content')}more`, 400, 'InvalidRequest'],
    ['with an endless line', `${'7'.repeat(5_000)}`, 400, 'InvalidRequest'],
  ])('a body in chunks, %s', async (_, body, status, code) => {
    expect(await codeOf(await signedFetch('/key', { method: 'PUT', headers: CHUNKED, body }))).toEqual([status, code]);
    expect(await keys()).toEqual(status === 200 ? ['key'] : []);
  });

  it('what is wrong with a long body is answered before all of it was sent', async () => {
    const body = Buffer.alloc(32 * 1024 * 1024, 'x');
    const answer = await signedFetch('/key', { method: 'PUT', headers: CHUNKED, body });
    expect(await codeOf(answer)).toEqual([400, 'InvalidRequest']);
  });

  it('a body that breaks off leaves nothing, not even on disk', async () => {
    const { port } = new URL(s3.endpoint);
    const url = await getSignedUrl(
      clientWith({ requestChecksumCalculation: 'WHEN_REQUIRED' }),
      new PutObjectCommand({ Bucket, Key: 'key' }),
    );
    const { pathname, search } = new URL(url);
    const request = httpRequest({ port, host: '127.0.0.1', method: 'PUT', path: pathname + search });
    request.setHeader('content-length', 1_000);
    await new Promise<void>((resolve) => request.on('error', () => undefined).write('x', () => resolve()));
    const closed = new Promise((resolve) => request.once('close', resolve));
    request.destroy();
    await closed;
    await put('other', 'x'); // By now the server has seen it.
    expect(await keys()).toEqual(['other']);
    expect(await readdir(join(folder, Bucket, 'temporary'))).toEqual([]);
  });
});

describe('keys', () => {
  const HOSTILE = [
    ...['../../outside', '..', '.', './a', 'a/../../../b', '/absolute', 'a//b', 'a/', '/', '%2e%2e/x', '..\\x', 'a\0b'],
    ...[
      "sp ace+plus'quote(é)日本😀!*~",
      'a',
      'a/b',
      'o-a',
      'd-a',
      '__proto__',
      'con',
      '\u0085\u2028',
      '?a=b#c',
      '&<>"',
    ],
  ];

  it('mean nothing but themselves, whatever they look like', async () => {
    for (const key of HOSTILE) await put(key, `of ${key}`);
    for (const key of HOSTILE) expect(await get(key), key).toBe(`of ${key}`);
    expect((await keys()).toSorted()).toEqual(HOSTILE.toSorted());
    expect(await readdir(folder)).toEqual([Bucket]);
    expect((await readdir(join(folder, Bucket))).toSorted()).toEqual(['objects', 'temporary', 'uploads']);
    for (const key of HOSTILE) await client.send(new DeleteObjectCommand({ Bucket, Key: key }));
    expect(await keys()).toEqual([]);
    expect(await readdir(join(folder, Bucket, 'objects'))).toEqual([]);
  });

  it('are listed by their UTF-8 bytes, page by page, from any place', async () => {
    const sorted = ['a', 'a-b', 'a/b', 'a/c', 'a0', 'b', '\uff21', '😀'];
    for (const key of sorted.toReversed()) await put(key, key);
    const pages: (string | undefined)[][] = [];
    let ContinuationToken: string | undefined;
    do {
      const page: { ContinuationToken?: string } = ContinuationToken ? { ContinuationToken } : {};
      const answer = await client.send(new ListObjectsV2Command({ Bucket, MaxKeys: 3, ...page }));
      pages.push(answer.Contents?.map(({ Key }) => Key) ?? []);
      ContinuationToken = answer.NextContinuationToken;
    } while (ContinuationToken);
    expect(pages).toEqual([sorted.slice(0, 3), sorted.slice(3, 6), sorted.slice(6)]);
    expect(await keys({ Prefix: 'a/' })).toEqual(['a/b', 'a/c']);
    expect(await keys({ Prefix: 'a', StartAfter: 'a/b' })).toEqual(['a/c', 'a0']);
    expect(await keys({ Prefix: 'none' })).toEqual([]);
  });

  it('that no file name can hold are refused', async () => {
    await expect(put('a'.repeat(251), 'x')).rejects.toMatchObject({ name: 'KeyTooLongError' });
    await expect(put('a/'.repeat(513), 'x')).rejects.toMatchObject({ name: 'KeyTooLongError' });
    await put('a/'.repeat(512), 'x');
  });

  it('that are no UTF-8 are refused', async () => {
    expect(await codeOf(await fetch(`${s3.endpoint}/${Bucket}/%ff`))).toEqual([400, 'InvalidURI']);
  });
});

describe('reading and writing', () => {
  it.each([
    ['bytes=0-0', '0', 'bytes 0-0/10'],
    ['bytes=2-5', '2345', 'bytes 2-5/10'],
    ['bytes=8-', '89', 'bytes 8-9/10'],
    ['bytes=8-99', '89', 'bytes 8-9/10'],
    ['bytes=-3', '789', 'bytes 7-9/10'],
    ['bytes=-99', '0123456789', 'bytes 0-9/10'],
    ['bytes=5-2', '0123456789', undefined],
    ['bytes=0-1,3-4', '0123456789', undefined],
    ['lines=1-2', '0123456789', undefined],
  ])('%s of ten bytes', async (Range, content, ContentRange) => {
    await put('key', '0123456789');
    const answer = await client.send(new GetObjectCommand({ Bucket, Key: 'key', Range }));
    expect([await answer.Body?.transformToString(), answer.ContentRange]).toEqual([content, ContentRange]);
    expect(answer.ContentLength).toBe(content.length);
  });

  it('a range that lies behind the end is refused', async () => {
    await put('key', '0123456789');
    await put('empty', '');
    await expect(get('key', { Range: 'bytes=10-' })).rejects.toMatchObject({ name: 'InvalidRange' });
    await expect(get('empty', { Range: 'bytes=0-' })).rejects.toMatchObject({ name: 'InvalidRange' });
    expect(await get('empty')).toBe('');
  });

  it('conditions on a read hold', async () => {
    const { ETag } = await put('key', 'content');
    expect(await get('key', { IfMatch: ETag })).toBe('content');
    await expect(get('key', { IfMatch: '"other"' })).rejects.toMatchObject({ name: 'PreconditionFailed' });
    expect((await signedFetch('/key', { headers: { 'if-none-match': ETag ?? '' } })).status).toBe(304);
  });

  it('of several writes of a new object one wins, the others are told', async () => {
    const writes = Array.from({ length: 8 }, (_, n) => put('key', `${n}`, { IfNoneMatch: '*' }));
    const outcomes = (await Promise.allSettled(writes)).map((one) =>
      one.status === 'fulfilled' ? 'won' : one.reason.name,
    );
    expect(outcomes.toSorted()).toEqual([...Array(7).fill('PreconditionFailed'), 'won']);
    expect(await get('key')).toBe(`${outcomes.indexOf('won')}`);
  });

  it('a condition that it does not know is refused, not passed over', async () => {
    await expect(put('key', 'x', { IfMatch: '"a"' })).rejects.toMatchObject({ name: 'NotImplemented' });
  });

  it('a reader keeps what it opened while a writer replaces it', async () => {
    const old = Buffer.alloc(4 * 1024 * 1024, 'a');
    await client.send(new PutObjectCommand({ Bucket, Key: 'key', Body: old }));
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'key' }));
    await put('key', 'new');
    expect((await Body?.transformToByteArray())?.length).toBe(old.length);
    expect(await get('key')).toBe('new');
  });

  it('keeps headers and metadata, and overrides headers when asked', async () => {
    await put('key', 'x', {
      ContentType: 'text/csv',
      ContentEncoding: 'gzip',
      CacheControl: 'no-cache',
      Metadata: { a: 'B' },
    });
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'key' }));
    expect(head).toMatchObject({
      ContentType: 'text/csv',
      ContentEncoding: 'gzip',
      CacheControl: 'no-cache',
      Metadata: { a: 'B' },
    });
    const overridden = await client.send(
      new GetObjectCommand({ Bucket, Key: 'key', ResponseContentDisposition: 'attachment' }),
    );
    expect(overridden).toMatchObject({ ContentType: 'text/csv', ContentDisposition: 'attachment' });
    const injected = new GetObjectCommand({ Bucket, Key: 'key', ResponseContentType: 'a\r\nb: c' });
    await expect(client.send(injected)).rejects.toMatchObject({ name: 'InvalidArgument' });
  });

  it('deletes many at once, also what is not there', async () => {
    for (const key of ['a', 'b<&>', 'c']) await put(key, 'x');
    const Objects = ['a', 'b<&>', 'none'].map((Key) => ({ Key }));
    const { Deleted } = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    expect(Deleted).toEqual(Objects);
    expect(await keys()).toEqual(['c']);
  });

  it('says what it does not do, and does not do something else instead', async () => {
    await put('key', 'content');
    await expect(client.send(new GetObjectAclCommand({ Bucket, Key: 'key' }))).rejects.toMatchObject({
      name: 'NotImplemented',
    });
    const copied = signedFetch('/copy', { method: 'PUT', headers: { 'x-amz-copy-source': `${Bucket}/key` } });
    expect(await codeOf(await copied)).toEqual([501, 'NotImplemented']);
    await expect(get('none')).rejects.toMatchObject({ name: 'NoSuchKey' });
    const elsewhere = new GetObjectCommand({ Bucket: 'other-bucket', Key: 'key' });
    await expect(client.send(elsewhere)).rejects.toMatchObject({ name: 'NoSuchBucket' });
    await expect(client.send(new CreateBucketCommand({ Bucket: '..' }))).rejects.toThrow();
    await expect(client.send(new CreateBucketCommand({ Bucket }))).rejects.toMatchObject({
      name: 'BucketAlreadyOwnedByYou',
    });
  });

  it('keeps everything over a restart, and throws half-written files away', async () => {
    await put('a/b', 'content');
    await writeFile(join(folder, Bucket, 'temporary', 'half'), 'x');
    client.destroy();
    await s3.close();
    await start();
    expect(await get('a/b')).toBe('content');
    expect(await readdir(join(folder, Bucket, 'temporary'))).toEqual([]);
  });
});

describe('multipart uploads', () => {
  const FIVE_MIB = 5 * 1024 * 1024;
  const begin = async (Key: string) =>
    (
      await client.send(
        new CreateMultipartUploadCommand({ Bucket, Key, ContentType: 'text/csv', Metadata: { a: 'b' } }),
      )
    ).UploadId ?? '';
  const part = (Key: string, UploadId: string, PartNumber: number, Body: string | Buffer) =>
    client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
  const complete = (Key: string, UploadId: string, parts: [number, string | undefined][]) =>
    client.send(
      new CompleteMultipartUploadCommand({
        Bucket,
        Key,
        UploadId,
        MultipartUpload: { Parts: parts.map(([PartNumber, ETag]) => ({ PartNumber, ETag })) },
      }),
    );

  /** Entities that double with each step: they must not be followed. */
  const ENTITIES =
    '<!DOCTYPE a [<!ENTITY b "1"><!ENTITY c "&b;&b;">]><CompleteMultipartUpload><Part><PartNumber>&c;</PartNumber></Part></CompleteMultipartUpload>';

  it('join their parts by number, the last upload of each, and are invisible until then', async () => {
    const id = await begin('key');
    const second = await part('key', id, 2, 'end');
    await part('key', id, 1, 'replaced');
    const first = await part('key', id, 1, Buffer.alloc(FIVE_MIB, 'a'));
    expect(await keys()).toEqual([]);
    await complete('key', id, [
      [1, first.ETag],
      [2, second.ETag],
    ]);
    const answer = await client.send(new GetObjectCommand({ Bucket, Key: 'key', Range: `bytes=${FIVE_MIB - 1}-` }));
    expect(await answer.Body?.transformToString()).toBe('aend');
    expect(answer).toMatchObject({
      ContentType: 'text/csv',
      Metadata: { a: 'b' },
      ETag: expect.stringMatching(/-2"$/),
    });
    expect(await readdir(join(folder, Bucket, 'uploads'))).toEqual([]);
    await expect(complete('key', id, [[1, first.ETag]])).rejects.toMatchObject({ name: 'NoSuchUpload' });
  });

  it('refuse parts that are missing, changed, too small or out of order', async () => {
    const id = await begin('key');
    const [{ ETag: one }, { ETag: two }] = await Promise.all([part('key', id, 1, 'small'), part('key', id, 2, 'x')]);
    await expect(complete('key', id, [[3, one]])).rejects.toMatchObject({ name: 'InvalidPart' });
    await expect(complete('key', id, [[1, two]])).rejects.toMatchObject({ name: 'InvalidPart' });
    await expect(
      complete('key', id, [
        [2, two],
        [1, one],
      ]),
    ).rejects.toMatchObject({ name: 'InvalidPartOrder' });
    await expect(
      complete('key', id, [
        [1, one],
        [2, two],
      ]),
    ).rejects.toMatchObject({ name: 'EntityTooSmall' });
    await expect(part('other', id, 1, 'x')).rejects.toMatchObject({ name: 'NoSuchUpload' });
    await expect(part('key', '../../objects', 1, 'x')).rejects.toMatchObject({ name: 'NoSuchUpload' });
    await expect(part('key', id, 10_001, 'x')).rejects.toMatchObject({ name: 'InvalidArgument' });
    expect(await keys()).toEqual([]);
  });

  it.each(['', '<Other/>', '<CompleteMultipartUpload>', ENTITIES])('refuse the document %s', async (body) => {
    const id = await begin('key');
    const answer = await signedFetch(`/key?uploadId=${id}`, { method: 'POST', body });
    expect(await codeOf(answer)).toEqual([400, 'MalformedXML']);
  });
});
