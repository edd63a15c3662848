/** Deletes a job that has ended: its records, then its objects. */
import type { routes } from '#shared/contracts/routes.ts';
import { NotFoundError } from '#shared/errors.ts';
import { jobResultsPrefix, planKey, type Results, reportsPrefix } from '#shared/finding/results.ts';
import type { JobStore } from '#shared/job/store.ts';
import type { HttpAnswer, HttpRequest } from '../middleware/http.ts';

export interface DeleteJobDeps {
  readonly jobs: Pick<JobStore, 'readTenant' | 'deleteJob'>;
  readonly results: Pick<Results, 'removeAll'>;
}

/**
 * The records go first, so that nothing is ever shown whose objects are gone. For a day the same call goes on where an earlier one broke
 * off and is answered alike; what nobody deletes expires. ConflictError `job_state` while the job is open.
 */
export async function deleteJob(
  { jobs, results }: DeleteJobDeps,
  { caller, path: { jobId } }: HttpRequest<typeof routes.deleteJob>,
): Promise<HttpAnswer> {
  const tenant = await jobs.readTenant(jobId);
  if (tenant === undefined || !(caller.admin || tenant === caller.tenant))
    throw new NotFoundError('job_not_found', `there is no job ${jobId}`);
  await jobs.deleteJob(jobId);
  for (const prefix of [jobResultsPrefix(tenant, jobId), reportsPrefix(tenant, jobId), planKey(tenant, jobId)])
    await results.removeAll(prefix);
  return { status: 204 };
}
