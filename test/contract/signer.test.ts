import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
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
