/** Cancels a job: what is queued never runs, what runs is stopped. Asking again changes nothing and is answered the same. */
import type { routes } from '#shared/contracts/routes.ts';
import type { Events } from '#shared/events.ts';
import type { Results } from '#shared/finding/results.ts';
import { announce } from '#shared/job/flow.ts';
import { readSpecOf, readVisibleJob, viewOf } from '#shared/job/records.ts';
import type { JobStore } from '#shared/job/store.ts';
import { isTerminal } from '#shared/status.ts';
import type { HttpAnswer, HttpRequest } from '../middleware/http.ts';

export interface CancelJobDeps {
  readonly jobs: Pick<JobStore, 'readJob' | 'readSpec' | 'cancel' | 'markAnnounced'>;
  readonly results: Pick<Results, 'read'>;
  readonly events: Events;
}

/** ConflictError `job_state` when the job ended otherwise. */
export async function cancelJob(
  { jobs, results, events }: CancelJobDeps,
  { caller, path }: HttpRequest<typeof routes.cancelJob>,
): Promise<HttpAnswer> {
  const before = await readVisibleJob(jobs, caller, path.jobId);
  const job = await jobs.cancel(before.jobId, caller.principal);
  // Nothing ran, and so the cancel ended it; of a job that had ended before, the end is announced already.
  if (isTerminal(job.status) && !isTerminal(before.status)) await announce({ jobs, events }, job);
  return { status: 202, body: await viewOf(results, { job, spec: await readSpecOf(jobs, job) }) };
}
