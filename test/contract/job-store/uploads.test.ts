import { afterAll, beforeAll, expect, it } from 'vitest';
import { type StoreUnderTest, startStore } from '#test/support/store-under-test.ts';

let under: StoreUnderTest;
beforeAll(async () => {
  under = await startStore();
});
afterAll(() => under.close());

const UPLOAD = {
  uploadId: '019a0000-0000-7000-8000-00000000abcd',
  tenant: 'acme',
  createdBy: 'acme/security',
  createdAt: '2026-01-31T12:00:00.000Z',
  bytes: 12,
  sha256: 'ab'.repeat(32),
};

it('an upload is found by its tenant, and by no other', async () => {
  await under.store.recordUpload(UPLOAD);
  expect(await under.store.readUpload('acme', UPLOAD.uploadId)).toEqual(UPLOAD);
  expect(await under.store.readUpload('globex', UPLOAD.uploadId)).toBeUndefined();
  expect(await under.store.readUpload('acme', '019a0000-0000-7000-8000-00000000ffff')).toBeUndefined();
});

it('is there for the retention and a day', async () => {
  await under.store.recordUpload(UPLOAD);
  under.pass(8 * 86_400 - 5);
  expect(await under.store.readUpload('acme', UPLOAD.uploadId)).toEqual(UPLOAD);
  under.pass(10);
  expect(await under.store.readUpload('acme', UPLOAD.uploadId)).toBeUndefined();
});
