/** Sees, each second, whether a task's job is being stopped while the task runs. */
import type { Job } from '#shared/job/job.ts';
import type { JobStore } from '#shared/job/store.ts';
import type { Limits } from '#shared/limits.ts';
import { isTerminal } from '#shared/status.ts';
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import type { StopReason } from './stop.ts';

export interface CancelWatchDeps {
  readonly jobs: Pick<JobStore, 'peekJob'>;
  readonly clock: Clock;
  readonly limits: Pick<Limits, 'cancelCheckSeconds'>;
  readonly log: Log;
}

/** Calls `stop` once when `job` is to be stopped; looks until then, or until `done` is aborted. */
export async function watchForCancel(
  { jobs, clock, limits, log }: CancelWatchDeps,
  job: Pick<Job, 'jobId' | 'round' | 'deadlineAt'>,
  stop: (reason: StopReason) => void,
  done: AbortSignal,
): Promise<void> {
  for (;;) {
    await clock.sleep(limits.cancelCheckSeconds * 1_000, done);
    if (done.aborted) return;
    if (clock.now() >= new Date(job.deadlineAt)) return stop('deadline');
    try {
      const reason = stopReasonOf(await jobs.peekJob(job.jobId), job.round);
      if (reason && !done.aborted) return stop(reason);
    } catch (error) {
      log.warn('cancel check without an answer', { error });
    }
  }
}

/**
 * What a glance at the job means for a task of `round`. The glance may be some seconds old: an absent job, or one of an earlier round,
 * says nothing. A job that ended, or was retried, did so without this task: the sweeper gave up on it.
 */
export function stopReasonOf(
  seen: Pick<Job, 'status' | 'stopReason' | 'round'> | undefined,
  round: number,
): StopReason | undefined {
  if (seen === undefined || seen.round < round) return undefined;
  if (seen.round > round || isTerminal(seen.status)) return 'lease_lost';
  if (seen.status !== 'cancelling') return undefined;
  return seen.stopReason === 'deadline' ? 'deadline' : 'cancelled';
}
