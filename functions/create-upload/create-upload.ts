/** Leave to upload one result: recorded for the caller's tenant, and a link that takes these bytes and no others. */
import type { createUploadRoute, UploadView } from '#shared/contracts/create-upload.ts';
import { type Signer, uploadKey } from '#shared/finding/results.ts';
import type { JobStore } from '#shared/job/store.ts';
import type { Limits } from '#shared/limits.ts';
import { uploadTarget } from '#shared/target/upload.ts';
import type { HttpAnswer, HttpRequest } from '../middleware/http.ts';

export interface CreateUploadDeps {
  readonly jobs: Pick<JobStore, 'recordUpload'>;
  readonly signer: Pick<Signer, 'presignUpload'>;
  readonly limits: Pick<Limits, 'presignedSeconds'>;
  readonly now: () => Date;
  /** A new UUIDv7. */
  readonly newId: () => string;
}

export async function createUpload(
  { jobs, signer, limits, now, newId }: CreateUploadDeps,
  { caller, body }: HttpRequest<typeof createUploadRoute>,
): Promise<HttpAnswer> {
  const uploadId = newId();
  const { tenant, principal: createdBy } = caller;
  await jobs.recordUpload({ uploadId, tenant, createdBy, createdAt: now().toISOString(), ...body });
  const link = await signer.presignUpload(uploadKey(tenant, uploadId), {
    ...body,
    expiresSeconds: limits.presignedSeconds,
  });
  const view: UploadView = { uploadId, target: uploadTarget(uploadId), ...link };
  return { status: 201, body: view };
}
