/** Cancels a job: what is queued never runs, what runs is stopped. Asking again changes nothing and is answered the same. */
import type { routes } from '#shared/contracts/routes.ts';
import type { Events } from '#shared/events.ts';
import type { Results } from '#shared/finding/results.ts';
import { announce } from '#shared/job/flow.ts';
import { readSpecOf, readVisibleJob, viewOf } from '#shared/job/records.ts';
import type { JobStore } from '#shared/job/store.ts';
import { logger } from '#shared/observability/logger.ts';
import type { HttpAnswer, HttpRequest } from '../middleware/http.ts';

export interface CancelJobDeps {
  readonly jobs: Pick<JobStore, 'readJob' | 'readSpec' | 'cancel' | 'markAnnounced'>;
  readonly results: Pick<Results, 'read'>;
  readonly events: Pick<Events, 'jobFinished'>;
}

/** ConflictError `job_state` when the job ended otherwise. */
export async function cancelJob(
  { jobs, results, events }: CancelJobDeps,
  { caller, path }: HttpRequest<typeof routes.cancelJob>,
): Promise<HttpAnswer> {
  const { jobId } = await readVisibleJob(jobs, caller, path.jobId);
  const job = await jobs.cancel(jobId, caller.principal);
  // Where nothing ran, the cancel was the end. It stands, announced or not: the sweeper repeats what the bus did not take.
  await announce({ jobs, events }, job).catch((error) => {
    logger.warn('the end of a job is not announced yet', { jobId, traceId: job.traceId, error });
  });
  return { status: 202, body: await viewOf(results, { job, spec: await readSpecOf(jobs, job) }) };
}
