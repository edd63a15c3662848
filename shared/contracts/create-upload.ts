/** POST /uploads: leave to upload one result, to be imported by a job. */
import * as z from 'zod';
import { MAX_UPLOAD_BYTES } from '../limits.ts';
import { JobId } from './ids.ts';
import { none, route } from './route.ts';

const Sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'must be a SHA-256: 64 hexadecimal digits in lower case')
  .describe('Of the bytes');

export const CreateUploadRequest = z
  .strictObject({
    bytes: z
      .int()
      .min(1)
      .max(MAX_UPLOAD_BYTES, `must be at most ${MAX_UPLOAD_BYTES}, which is 1 GiB`)
      .describe('How many they are'),
    sha256: Sha256,
  })
  .meta({ id: 'CreateUploadRequest' });
export type CreateUploadRequest = z.output<typeof CreateUploadRequest>;

export const UploadView = z
  .object({
    uploadId: JobId.meta({ id: 'UploadId' }),
    target: z.string().describe('What to submit as the one target of a job, once the bytes are uploaded'),
    url: z.url().describe('Where to PUT the bytes, and no others, with the headers as they are'),
    headers: z.record(z.string(), z.string()),
    expiresAt: z.iso.datetime().describe('When the link dies'),
  })
  .meta({ id: 'Upload' });
export type UploadView = z.output<typeof UploadView>;

export const createUploadRoute = route({
  method: 'POST',
  path: '/uploads',
  function: 'create-upload',
  summary: 'A presigned link to upload an existing result, which a job can then import',
  request: { path: none, query: none, body: CreateUploadRequest },
  responses: { 201: UploadView },
  streaming: false,
  callers: 'any',
});
