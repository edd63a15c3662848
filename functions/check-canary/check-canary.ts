/**
 * Tells by a metric how a canary scan ended. One whose end never comes is not counted at all, which the alarm takes for the same as one
 * that failed.
 */
import type { JobFinishedDetail } from '#shared/contracts/events.ts';
import { record } from '#shared/observability/metrics.ts';

/** A canary sings when all of its targets were covered, whatever was found there. */
export function checkCanary({
  jobId,
  status,
  verdict,
}: Pick<JobFinishedDetail, 'jobId' | 'status' | 'verdict'>): object {
  const passed = verdict === 'clean' || verdict === 'findings';
  record({ canariesPassed: passed ? 1 : 0 });
  return { jobId, status, verdict, passed };
}
