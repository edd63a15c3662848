import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { DeleteObjectsCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { s3Results } from '#shared/aws/results.ts';
import { CorruptError, NotFoundError, UnavailableError } from '#shared/errors.ts';
import type { Results } from '#shared/finding/results.ts';
import { type Emulators, startEmulators, TEST_CREDENTIALS } from '#test/support/emulators.ts';

const HELLO = { bytes: 5, sha256: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824' };
const EMPTY = { bytes: 0, sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' };
const MIB = 1024 * 1024;

const collect = async (source: AsyncIterable<Uint8Array>) => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
};
const text = async (source: AsyncIterable<Uint8Array>) => (await collect(source)).toString();

describe('on S3', () => {
  let emulators: Emulators;
  let results: Results;
  beforeAll(async () => {
    emulators = await startEmulators();
    results = s3Results(emulators.s3, emulators.bucket);
  });
  afterAll(() => emulators.close());

  it('keeps bytes, and says what they amount to', async () => {
    expect(await results.write('a/bytes', Buffer.from('hello'), 'text/plain')).toEqual(HELLO);
    expect(await text(results.read('a/bytes'))).toBe('hello');
  });

  it('keeps a stream, be it empty', async () => {
    const stream = async function* (...parts: string[]) {
      for (const part of parts) yield Buffer.from(part);
    };
    expect(await results.write('a/stream', stream('he', 'llo'), 'text/plain')).toEqual(HELLO);
    expect(await text(results.read('a/stream'))).toBe('hello');
    expect(await results.write('a/empty', stream(), 'text/plain')).toEqual(EMPTY);
    expect(await text(results.read('a/empty'))).toBe('');
  });

  it('keeps a stream of many parts', async () => {
    const block = Buffer.alloc(MIB, 'scanfleet ');
    const stream = async function* () {
      for (let n = 0; n < 20; n++) yield block;
    };
    const whole = createHash('sha256')
      .update(Buffer.concat(Array(20).fill(block)))
      .digest('hex');
    expect(await results.write('a/large', stream(), 'text/plain')).toEqual({ bytes: 20 * MIB, sha256: whole });
    const read = await collect(results.read('a/large'));
    expect(createHash('sha256').update(read).digest('hex')).toBe(whole);
    expect(await results.head('a/large')).toMatchObject({ bytes: 20 * MIB, etag: expect.stringMatching(/-3"$/) });
  });

  it('leaves nothing of a stream that fails', async () => {
    const stream = async function* () {
      for (let n = 0; n < 10; n++) yield Buffer.alloc(MIB);
      throw new Error('the source failed');
    };
    await expect(results.write('a/failed', stream(), 'text/plain')).rejects.toThrow('the source failed');
    expect(await results.head('a/failed')).toBeUndefined();
  });

  it('keeps metadata, and replaces an object as a whole', async () => {
    await results.write('a/twice', Buffer.from('first version'), 'text/plain', { version: '1' });
    await results.write('a/twice', Buffer.from('hello'), 'text/plain', { version: '2' });
    expect(await results.head('a/twice')).toEqual({
      bytes: 5,
      etag: '"5d41402abc4b2a76b9719d911017c592"',
      metadata: { version: '2' },
    });
  });

  it.each([
    [{ start: 0, end: 0 }, 'h'],
    [{ start: 1, end: 3 }, 'ell'],
    [{ start: 3 }, 'lo'],
    [{ start: 0 }, 'hello'],
    [{ start: 3, end: 99 }, 'lo'],
  ])('reads %o', async (range, expected) => {
    await results.write('a/range', Buffer.from('hello'), 'text/plain');
    expect(await text(results.read('a/range', range))).toBe(expected);
  });

  it('a read may be left early', async () => {
    await results.write('a/left', Buffer.alloc(4 * MIB), 'text/plain');
    for await (const chunk of results.read('a/left')) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
  });

  it('says what is not there', async () => {
    await expect(text(results.read('none'))).rejects.toThrow(NotFoundError);
    await expect(text(results.read('none'))).rejects.toMatchObject({ code: 'object_missing' });
    expect(await results.head('none')).toBeUndefined();
  });

  it('creates an object once, and leaves the first one as it is', async () => {
    expect(await results.create('c/once', Buffer.from('first'), 'text/plain')).toBe(true);
    expect(await results.create('c/once', Buffer.from('second'), 'text/plain')).toBe(false);
    expect(await text(results.read('c/once'))).toBe('first');
  });

  it('lists what lies under a prefix, in order and in pages', async () => {
    for (const key of ['d/2', 'd/10', 'd/1', 'e/1']) await results.write(key, Buffer.from(key), 'text/plain');
    expect(await results.list('d/', 2)).toEqual({
      objects: [
        { key: 'd/1', bytes: 3 },
        { key: 'd/10', bytes: 4 },
      ],
      more: true,
    });
    expect(await results.list('d/', 2, 'd/10')).toEqual({ objects: [{ key: 'd/2', bytes: 3 }], more: false });
    expect(await results.list('none/', 2)).toEqual({ objects: [], more: false });
  });

  it('removes everything under a prefix, more than one list or delete holds, and nothing else', async () => {
    const keys = Array.from({ length: 1_005 }, (_, n) => `b/job/${n}`);
    await Promise.all(keys.map((key) => results.write(key, Buffer.from('x'), 'text/plain')));
    await results.write('b/job2', Buffer.from('x'), 'text/plain');
    await results.removeAll('b/job/');
    await results.removeAll('b/job/');
    const left = await emulators.s3.send(new ListObjectsV2Command({ Bucket: emulators.bucket, Prefix: 'b/' }));
    expect(left.Contents?.map(({ Key }) => Key)).toEqual(['b/job2']);
  }, 60_000);
});

it('goes on where a real connection was cut', async () => {
  const content = Buffer.alloc(MIB, 'scanfleet ');
  const ranges: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    ranges.push(request.headers.range);
    const start = Number(/=(\d+)/.exec(request.headers.range ?? '=0')?.[1]);
    response.writeHead(200, { etag: '"v1"', 'content-length': content.length - start });
    if (ranges.length > 3) response.end(content.subarray(start));
    else response.write(content.subarray(start, start + 100_000), () => response.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new S3Client({ endpoint, region: 'eu-central-1', credentials: TEST_CREDENTIALS });
  expect((await collect(s3Results(client, 'bucket').read('key'))).equals(content)).toBe(true);
  expect(ranges).toEqual([undefined, 'bytes=100000-1048575', 'bytes=200000-1048575', 'bytes=300000-1048575']);
  client.destroy();
  server.close();
});

describe('when S3 breaks off', () => {
  const client = new S3Client({ region: 'eu-central-1' });
  const s3 = mockClient(client);
  const results = s3Results(client, 'bucket');
  beforeEach(() => s3.reset());

  const reset = Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
  /** An answer of `length` bytes that breaks behind `content` unless that is all of it. */
  const answer = (content: string, length: number, error?: Error) => ({
    ETag: '"v1"',
    ContentLength: length,
    Body: Readable.from(
      (async function* () {
        if (content) yield Buffer.from(content);
        if (error) throw error;
      })(),
    ) as never,
  });
  const failure = (name: string, httpStatusCode?: number) =>
    Object.assign(new Error(name), { name, $metadata: { httpStatusCode } });
  const asked = () => s3.commandCalls(GetObjectCommand).map(({ args }) => [args[0].input.Range, args[0].input.IfMatch]);

  it('goes on at the byte where a read broke, if the object is still the same', async () => {
    s3.on(GetObjectCommand)
      .resolvesOnce(answer('0123', 10, reset))
      .resolvesOnce(answer('45', 6))
      .rejectsOnce(failure('InternalError', 500))
      .resolvesOnce(answer('6789', 4));
    expect(await text(results.read('key'))).toBe('0123456789');
    expect(asked()).toEqual([
      [undefined, undefined],
      ['bytes=4-9', '"v1"'],
      ['bytes=6-9', '"v1"'],
      ['bytes=6-9', '"v1"'],
    ]);
  });

  it('goes on within a range', async () => {
    s3.on(GetObjectCommand)
      .resolvesOnce(answer('23', 4, reset))
      .resolvesOnce(answer('45', 2));
    expect(await text(results.read('key', { start: 2, end: 5 }))).toBe('2345');
    expect(asked()).toEqual([
      ['bytes=2-5', undefined],
      ['bytes=4-5', '"v1"'],
    ]);
  });

  it('an object that changed meanwhile is an error', async () => {
    s3.on(GetObjectCommand)
      .resolvesOnce(answer('01', 4, reset))
      .rejectsOnce(failure('PreconditionFailed', 412));
    await expect(text(results.read('key'))).rejects.toThrow(CorruptError);
  });

  it('gives up after five tries without a byte', async () => {
    s3.on(GetObjectCommand).rejects(failure('TimeoutError'));
    await expect(text(results.read('key'))).rejects.toThrow(UnavailableError);
    expect(asked()).toHaveLength(5);
  });

  it('gives up once nothing came for 8 s, however few the tries', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    s3.on(GetObjectCommand).callsFake(() => {
      vi.advanceTimersByTime(5_000);
      throw failure('TimeoutError');
    });
    const reading = text(results.read('key')).finally(() => vi.useRealTimers());
    await expect(reading).rejects.toThrow(UnavailableError);
    expect(asked()).toHaveLength(2);
  });

  it('does not try again what will not pass', async () => {
    const denied = failure('AccessDenied', 403);
    s3.on(GetObjectCommand).rejects(denied);
    await expect(text(results.read('key'))).rejects.toBe(denied);
    expect(asked()).toHaveLength(1);
  });

  it('says so when objects could not be deleted', async () => {
    s3.on(ListObjectsV2Command).resolves({ Contents: [{ Key: 'a/1' }, { Key: 'a/2' }] });
    s3.on(DeleteObjectsCommand).resolves({ Errors: [{ Key: 'a/2', Code: 'InternalError', Message: 'oops' }] });
    await expect(results.removeAll('a/')).rejects.toThrow('1 objects stay: a/2: oops');
  });

  it('a fault of S3 may pass, a refusal stays what it is', async () => {
    s3.onAnyCommand().rejectsOnce(failure('SlowDown', 503)).rejectsOnce(failure('AccessDenied', 403));
    await expect(results.write('key', Buffer.from('x'), 'text/plain')).rejects.toThrow(UnavailableError);
    await expect(results.write('key', Buffer.from('x'), 'text/plain')).rejects.toMatchObject({ name: 'AccessDenied' });
  });
});
