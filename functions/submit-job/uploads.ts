/** A job that imports: what it names must be one upload, of the caller's tenant and there. */
import { ValidationError } from '#shared/errors.ts';
import { type Results, uploadKey } from '#shared/finding/results.ts';
import type { JobStore } from '#shared/job/store.ts';
import type { Target } from '#shared/target/target.ts';

export interface UploadDeps {
  readonly jobs: Pick<JobStore, 'readUpload'>;
  readonly results: Pick<Results, 'head'>;
}

export const isImport = (targets: readonly Target[]): boolean => targets.some(({ kind }) => kind === 'upload');

/** Of targets that are an import. ValidationError naming `targets`. Whether an upload is another tenant's or nobody's does not show. */
export async function refuseUnreadyUpload(
  { jobs, results }: UploadDeps,
  tenant: string,
  targets: readonly Target[],
): Promise<void> {
  const upload = targets.findIndex(({ kind }) => kind === 'upload');
  const refuse = (message: string) => new ValidationError([{ field: `targets[${upload}]`, message }]);
  const { text, host: uploadId } = targets[upload] as Target;
  if (targets.length > 1)
    throw refuse(`is ${text}, which is imported; allowed: one upload, and no other target beside it`);
  if ((await jobs.readUpload(tenant, uploadId)) === undefined)
    throw refuse(`is ${text}, which there is none of; allowed: an upload made by POST /uploads that has not expired`);
  if ((await results.head(uploadKey(tenant, uploadId))) === undefined)
    throw refuse(`is ${text}, which has no bytes yet; PUT them where POST /uploads said, then submit`);
}
