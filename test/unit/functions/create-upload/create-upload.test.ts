import { beforeEach, describe, expect, it } from 'vitest';
import { type CreateUploadDeps, createUpload } from '#functions/create-upload/create-upload.ts';
import { httpHandler } from '#functions/middleware/http.ts';
import { createUploadRoute, UploadView } from '#shared/contracts/create-upload.ts';
import type { Upload } from '#shared/job/upload.ts';
import { captureLog } from '#test/support/log-lines.ts';
import { CALLERS, call } from '#test/support/proxy-event.ts';

beforeEach(() => {
  captureLog();
});

const NEW_ID = '019a0000-0000-7000-8000-00000000abcd';
const SHA256 = 'ab'.repeat(32);

async function create(body: unknown) {
  const recorded: Upload[] = [];
  const signed: unknown[] = [];
  const deps: CreateUploadDeps = {
    jobs: {
      recordUpload: async (upload) => {
        recorded.push(upload);
      },
    },
    signer: {
      presignUpload: async (key, options) => {
        signed.push([key, options]);
        return { url: 'https://store.example/there', headers: { a: 'b' }, expiresAt: '2026-01-31T12:15:00.000Z' };
      },
    },
    limits: { presignedSeconds: 900 },
    now: () => new Date('2026-01-31T12:00:00.000Z'),
    newId: () => NEW_ID,
  };
  const middleware = { jobs: { takeToken: async () => ({ ok: true }) as const }, callers: CALLERS };
  const answer = await call(
    httpHandler(createUploadRoute, middleware, (request) => createUpload(deps, request)),
    { body },
  );
  return { ...answer, recorded, signed };
}

describe('leave to upload', () => {
  it("is recorded under the caller's tenant, and is a link for these bytes alone", async () => {
    const { status, json, recorded, signed } = await create({ bytes: 12, sha256: SHA256 });
    expect(status).toBe(201);
    expect(UploadView.parse(json)).toEqual({
      uploadId: NEW_ID,
      target: `upload:${NEW_ID}`,
      url: 'https://store.example/there',
      headers: { a: 'b' },
      expiresAt: '2026-01-31T12:15:00.000Z',
    });
    expect(recorded).toEqual([
      {
        uploadId: NEW_ID,
        tenant: '111111111111',
        createdBy: '111111111111/acme',
        createdAt: '2026-01-31T12:00:00.000Z',
        bytes: 12,
        sha256: SHA256,
      },
    ]);
    expect(signed).toEqual([[`uploads/111111111111/${NEW_ID}`, { bytes: 12, sha256: SHA256, expiresSeconds: 900 }]]);
  });

  // biome-ignore format: a table reads by column
  it.each([
    ['more than 1 GiB',  { bytes: 1_073_741_825, sha256: SHA256 },         'bytes',  'must be at most 1073741824, which is 1 GiB'],
    ['nothing',          { bytes: 0, sha256: SHA256 },                     'bytes',  'expected number to be >=1'],
    ['no number',        { bytes: '12', sha256: SHA256 },                  'bytes',  'expected number'],
    ['no hash',          { bytes: 12 },                                    'sha256', 'is required'],
    ['half a hash',      { bytes: 12, sha256: 'ab' },                      'sha256', 'must be a SHA-256: 64 hexadecimal digits in lower case'],
    ['a shouted hash',   { bytes: 12, sha256: SHA256.toUpperCase() },      'sha256', 'must be a SHA-256'],
  ])('is not given for %s', async (_, body, field, message) => {
    const { status, json, recorded } = await create(body);
    expect(status).toBe(400);
    expect(json.errors).toEqual([{ field, message: expect.stringContaining(message) }]);
    expect(recorded).toEqual([]);
  });
});
