/** Deletes a job that has ended: its records, then its objects. A first job goes with all that followed from it. */
import type { deleteJobRoute } from '#shared/contracts/job.ts';
import { ConflictError, NotFoundError } from '#shared/errors.ts';
import { jobEvidencePrefix, jobResultsPrefix, planKey, type Results, reportsPrefix } from '#shared/finding/results.ts';
import { isSettled } from '#shared/follow-up/tree.ts';
import type { Job } from '#shared/job/job.ts';
import { readFollowed } from '#shared/job/records.ts';
import type { JobStore } from '#shared/job/store.ts';
import type { HttpAnswer, HttpRequest } from '../middleware/http.ts';

export interface DeleteJobDeps {
  readonly jobs: Pick<JobStore, 'readTenant' | 'readJob' | 'readTree' | 'readJobs' | 'closeTree' | 'deleteJob'>;
  readonly results: Pick<Results, 'removeAll'>;
}

/**
 * The records go first, so that nothing is ever shown whose objects are gone. For a day the same call goes on where an earlier one broke
 * off and is answered alike; what nobody deletes expires. ConflictError `job_state` while the job, or one that follows from it, is open,
 * and for a job inside a tree: what is told of a tree is told of all of it.
 */
export async function deleteJob(
  deps: DeleteJobDeps,
  { caller, path: { jobId } }: HttpRequest<typeof deleteJobRoute>,
): Promise<HttpAnswer> {
  const tenant = await deps.jobs.readTenant(jobId);
  if (tenant === undefined || !(caller.admin || tenant === caller.tenant))
    throw new NotFoundError('job_not_found', `there is no job ${jobId}`);
  const job = await deps.jobs.readJob(jobId);
  for (const followed of job === undefined ? [] : await followedBy(deps, job, caller.principal))
    await deleteFollowed(deps, tenant, followed);
  await deleteOne(deps, tenant, jobId);
  return { status: 204 };
}

/** What goes before the job does. The tree is closed as it was read, so that no job joins it, or is opened again, meanwhile. */
async function followedBy({ jobs }: DeleteJobDeps, job: Job, by: string): Promise<readonly string[]> {
  const { jobId, rootJobId = jobId } = job;
  if (rootJobId !== jobId)
    throw new ConflictError('job_state', `it followed from job ${rootJobId} and is deleted with it`);
  const { whole } = await readFollowed(jobs, job);
  if (whole === undefined) return [];
  if (!isSettled(whole) || !(await jobs.closeTree(jobId, by, whole.tree.version)))
    throw new ConflictError('job_state', 'a job can be deleted once all that follows from it has ended');
  return whole.tree.children.map((child) => child.jobId);
}

/** One that has expired is as good as deleted. */
async function deleteFollowed(deps: DeleteJobDeps, tenant: string, jobId: string): Promise<void> {
  try {
    await deleteOne(deps, tenant, jobId);
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
  }
}

async function deleteOne({ jobs, results }: DeleteJobDeps, tenant: string, jobId: string): Promise<void> {
  await jobs.deleteJob(jobId);
  for (const prefixOf of [jobResultsPrefix, jobEvidencePrefix, reportsPrefix, planKey])
    await results.removeAll(prefixOf(tenant, jobId));
}
