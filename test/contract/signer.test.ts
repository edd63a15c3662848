import { createHash } from 'node:crypto';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { s3Results } from '#shared/aws/results.ts';
import { s3Signer } from '#shared/aws/signer.ts';
import { type Emulators, startEmulators, TEST_CREDENTIALS } from '#test/support/emulators.ts';

let emulators: Emulators;
beforeAll(async () => {
  emulators = await startEmulators();
  await s3Results(emulators.s3, emulators.bucket).write('reports/a b', Buffer.from('{"a":1}'), 'text/plain');
});
afterAll(() => emulators.close());

const OPTIONS = { fileName: 'job "1".json', contentType: 'application/json', expiresSeconds: 60 };

it('makes a link that downloads without credentials, as a file of that name and type', async () => {
  const signer = s3Signer(emulators.s3, emulators.bucket);
  const { url } = await signer.presignDownload('reports/a b', OPTIONS);
  const answer = await fetch(url);
  expect(answer.status).toBe(200);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'content-type': 'application/json',
    'content-disposition': 'attachment; filename="job__1_.json"',
    'cache-control': 'no-store',
  });
  expect(await answer.text()).toBe('{"a":1}');
});

it('says when the link dies, and it is dead then', async () => {
  const now = new Date(Math.floor(Date.now() / 1000) * 1000 - 61_000);
  const signer = s3Signer(emulators.s3, emulators.bucket, () => now);
  const { url, expiresAt } = await signer.presignDownload('reports/a b', OPTIONS);
  expect(expiresAt).toBe(new Date(now.getTime() + 60_000).toISOString());
  const answer = await fetch(url);
  expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining('<Code>AccessDenied</Code>')]);
});

it('a link dies with the credentials that signed it', async () => {
  const now = new Date('2026-11-21T12:00:00.700Z');
  const expiration = new Date('2026-11-21T12:00:30.000Z');
  const client = new S3Client({ region: 'eu-central-1', credentials: { ...TEST_CREDENTIALS, expiration } });
  const { expiresAt } = await s3Signer(client, 'bucket', () => now).presignDownload('key', OPTIONS);
  expect(expiresAt).toBe('2026-11-21T12:00:30.000Z');
});

it.each([
  ['another key', (url: string) => url.replace('reports/a', 'reports/b')],
  ['a longer life', (url: string) => url.replace('X-Amz-Expires=60', 'X-Amz-Expires=600')],
  ['another name', (url: string) => url.replace('job__1_', 'other')],
  ['another type', (url: string) => url.replace('application%2Fjson', 'text%2Fhtml')],
  ['another time', (url: string) => url.replace(/X-Amz-Date=(\d{8}T\d{5})\d/, 'X-Amz-Date=$1x')],
  ['one more parameter', (url: string) => `${url}&response-content-language=de`],
  ['one parameter less', (url: string) => url.replace(/&response-content-type=[^&]*/, '')],
])('a link changed to %s is refused', async (_, change) => {
  const { url } = await s3Signer(emulators.s3, emulators.bucket).presignDownload('reports/a b', OPTIONS);
  expect(change(url)).not.toBe(url);
  const { status } = await fetch(change(url));
  expect([400, 403]).toContain(status);
});

it('a link to read neither writes nor deletes', async () => {
  const { url } = await s3Signer(emulators.s3, emulators.bucket).presignDownload('reports/a b', OPTIONS);
  for (const method of ['PUT', 'DELETE', 'POST']) expect((await fetch(url, { method })).status).toBe(403);
  expect((await fetch(url)).status).toBe(200);
});

describe('a link to upload', () => {
  const KEY = 'uploads/acme/1';
  const BYTES = Buffer.from('what was announced');
  const ANNOUNCED = { bytes: BYTES.length, sha256: createHash('sha256').update(BYTES).digest('hex') };
  const presign = () =>
    s3Signer(emulators.s3, emulators.bucket).presignUpload(KEY, { ...ANNOUNCED, expiresSeconds: 60 });
  /** fetch writes the length of what it sends by itself. */
  const put = (url: string, body: Uint8Array, headers: Readonly<Record<string, string>>) => {
    const { 'content-length': _own, ...others } = headers;
    return fetch(url, { method: 'PUT', body, headers: others });
  };
  const stored = () => s3Results(emulators.s3, emulators.bucket).head(KEY);

  it('takes the bytes that were announced', async () => {
    const { url, headers } = await presign();
    expect(headers).toEqual({
      'content-length': '18',
      // printf 'what was announced' | openssl dgst -sha256 -binary | base64
      'x-amz-checksum-sha256': 'LyAS99GJxvhER7pU3yMogXH7h+fFhAnKOUI994aYYY4=',
    });
    expect((await put(url, BYTES, headers)).status).toBe(200);
    expect(await stored()).toMatchObject({ bytes: 18 });
    await s3Results(emulators.s3, emulators.bucket).removeAll(KEY);
  });

  it('signs length and checksum as headers, so that S3 itself compares them, and no checksum of nothing', async () => {
    const { url } = await presign();
    const { searchParams } = new URL(url);
    expect(searchParams.get('X-Amz-SignedHeaders')).toBe('content-length;host;x-amz-checksum-sha256');
    expect([...searchParams.keys()].filter((name) => /checksum/i.test(name))).toEqual([]);
  });

  const OTHER = Buffer.from('what was announced'.toUpperCase());
  const checksumOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('base64');

  // biome-ignore format: a table reads by column
  it.each<[string, Uint8Array, Readonly<Record<string, string>>, number]>([
    ['other bytes',                     OTHER,                        {},                                             400],
    ['other bytes with their checksum', OTHER,                        { 'x-amz-checksum-sha256': checksumOf(OTHER) }, 403],
    ['fewer bytes',                     BYTES.subarray(1),            {},                                             403],
    ['more bytes',                      Buffer.concat([BYTES, BYTES]), {},                                            403],
    ['nothing',                         Buffer.alloc(0),              {},                                             403],
  ])('takes no %s', async (_, body, changed, status) => {
    const { url, headers } = await presign();
    expect((await put(url, body, { ...headers, ...changed })).status).toBe(status);
    expect(await stored()).toBeUndefined();
  });

  it('takes nothing without the checksum', async () => {
    const { url } = await presign();
    expect((await put(url, BYTES, {})).status).toBe(403);
    expect(await stored()).toBeUndefined();
  });

  it('is dead when it says so, and is for no other key', async () => {
    const { url, headers, expiresAt } = await presign();
    expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now());
    expect((await put(url.replace('acme', 'globex'), BYTES, headers)).status).toBe(403);
    const then = new Date(Date.now() - 61_000);
    const old = await s3Signer(emulators.s3, emulators.bucket, () => then).presignUpload(KEY, {
      ...ANNOUNCED,
      expiresSeconds: 60,
    });
    expect((await put(old.url, BYTES, old.headers)).status).toBe(403);
    expect(await stored()).toBeUndefined();
  });
});
