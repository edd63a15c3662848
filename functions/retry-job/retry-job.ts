/** Runs again what a failed or timed out job did not complete. What is written is the job store's one commit; all that follows it are hints. */
import type { retryJobRoute } from '#shared/contracts/retry-job.ts';
import { capOf } from '#shared/cost/budget.ts';
import { ValidationError } from '#shared/errors.ts';
import type { Events } from '#shared/events.ts';
import type { Results } from '#shared/finding/results.ts';
import { startAgain } from '#shared/job/flow.ts';
import { readSpecOf, readVisibleJob, viewOf } from '#shared/job/records.ts';
import type { JobStore } from '#shared/job/store.ts';
import type { Limits } from '#shared/limits.ts';
import { logger } from '#shared/observability/logger.ts';
import { record } from '#shared/observability/metrics.ts';
import { faultsOfWindow } from '#shared/target/maintenance-window.ts';
import type { TaskQueue } from '#shared/task/queue.ts';
import { secondsAfter } from '#shared/time.ts';
import type { HttpAnswer, HttpRequest } from '../middleware/http.ts';

export interface RetryJobDeps {
  readonly jobs: Pick<JobStore, 'readJob' | 'readSpec' | 'retry' | 'release'>;
  readonly queue: Pick<TaskQueue, 'send'>;
  readonly results: Pick<Results, 'read'>;
  readonly limits: Pick<Limits, 'jobBudgetUsd'>;
  readonly now: () => Date;
  readonly events: Pick<Events, 'jobSubmitted'>;
}

/**
 * ValidationError for a window that cannot be kept or a cap above the deployment's; ConflictError `job_state` for a job that is open,
 * completed or cancelled, or too old, `budget_exhausted` for one that has spent its cap; LimitError `quota_exceeded`, `budget_exhausted`.
 */
export async function retryJob(
  deps: RetryJobDeps,
  { caller, path, body: { window, maxCostUsd } }: HttpRequest<typeof retryJobRoute>,
): Promise<HttpAnswer> {
  const { jobs, results } = deps;
  const { jobId, deadlineSeconds } = await readVisibleJob(jobs, caller, path.jobId);
  const now = deps.now().toISOString();
  const faults = faultsOfWindow('window', window ?? {}, { now, deadlineAt: secondsAfter(now, deadlineSeconds) });
  if (faults.length > 0) throw new ValidationError(faults);
  const change = { ...(window && { window }), ...(maxCostUsd && capOf(maxCostUsd, deps.limits)) };
  const job = await jobs.retry(jobId, caller.principal, change);
  const { released, faults: hintsLost } = await startAgain(deps, job);
  for (const error of hintsLost)
    logger.warn('a retried job is left to the sweeper', { jobId, traceId: job.traceId, error });
  record({ tasksReleased: released.length });
  return { status: 202, body: await viewOf(results, { job, spec: await readSpecOf(jobs, job) }) };
}
