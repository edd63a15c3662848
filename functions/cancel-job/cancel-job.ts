/**
 * Cancels a job: what is queued never runs, what runs is stopped. Asking again changes nothing and is answered the same. Where nothing ran,
 * the cancel was the end: it is announced, and the tenant's next tasks take the place.
 */
import type { routes } from '#shared/contracts/routes.ts';
import type { Events } from '#shared/events.ts';
import type { Results } from '#shared/finding/results.ts';
import { announce, offerSlots } from '#shared/job/flow.ts';
import type { Job } from '#shared/job/job.ts';
import { readSpecOf, readVisibleJob, viewOf } from '#shared/job/records.ts';
import type { JobStore } from '#shared/job/store.ts';
import { logger } from '#shared/observability/logger.ts';
import { record } from '#shared/observability/metrics.ts';
import { isTerminal } from '#shared/status.ts';
import type { TaskQueue } from '#shared/task/queue.ts';
import type { HttpAnswer, HttpRequest } from '../middleware/http.ts';

export interface CancelJobDeps {
  readonly jobs: Pick<JobStore, 'readJob' | 'readSpec' | 'cancel' | 'markAnnounced' | 'releaseWaiting'>;
  readonly queue: Pick<TaskQueue, 'send'>;
  readonly results: Pick<Results, 'read'>;
  readonly events: Pick<Events, 'jobFinished'>;
}

/** ConflictError `job_state` when the job ended otherwise. */
export async function cancelJob(
  deps: CancelJobDeps,
  { caller, path }: HttpRequest<typeof routes.cancelJob>,
): Promise<HttpAnswer> {
  const { jobs, results } = deps;
  const before = await readVisibleJob(jobs, caller, path.jobId);
  const job = await jobs.cancel(before.jobId, caller.principal);
  if (isTerminal(job.status)) await moveOn(deps, before, job);
  return { status: 202, body: await viewOf(results, { job, spec: await readSpecOf(jobs, job) }) };
}

/** The cancel stands, whatever fails here: the sweeper makes up for it within a minute. */
async function moveOn(deps: CancelJobDeps, before: Job, ended: Job): Promise<void> {
  const [announced, offered] = await Promise.allSettled([announce(deps, ended), offerSlots(deps, before)]);
  if (offered.status === 'fulfilled') record({ tasksReleased: offered.value.length });
  for (const settled of [announced, offered])
    if (settled.status === 'rejected') {
      const { jobId, traceId } = ended;
      logger.warn('what follows a cancel is left to the sweeper', { jobId, traceId, error: settled.reason });
    }
}
