/** How an attempt at a task ends. Pure: run-task.ts carries it out. */
import { JOB_BUDGET_EXHAUSTED } from '#shared/cost/budget.ts';
import type { Job } from '#shared/job/job.ts';
import type { PutBackReason, TaskEnd } from '#shared/job/store.ts';
import type { Limits } from '#shared/limits.ts';
import { backoffSeconds } from '#shared/task/backoff.ts';
import { hasNextTry } from '#shared/task/next-try.ts';
import type { Task, TaskError } from '#shared/task/task.ts';
import { CLOSED_BEFORE_START, windowClosed } from '#shared/task/window-closed.ts';
import type { Outcome } from './scanner.ts';
import type { StopReason } from './stop.ts';

export type Ending =
  /** The lease is lost, or the job gone: nothing may be written. */
  | { readonly do: 'nothing' }
  | {
      readonly do: 'put_back';
      readonly reason: PutBackReason;
      readonly delaySeconds: number;
      readonly error?: TaskError;
    }
  | { readonly do: 'finish'; readonly end: TaskEnd };

const finish = (end: TaskEnd): Ending => ({ do: 'finish', end });

/** The end of a run that ended by itself. `random` is from 0 to 1. */
export function endingOf(
  outcome: Outcome,
  task: Pick<Task, 'failures' | 'workerSize' | 'attempt' | 'claims'>,
  limits: Pick<Limits, 'maxFailures' | 'backoffSeconds'>,
  random: () => number,
): Ending {
  if (outcome.ok) return finish({ status: 'completed' });
  const { error } = outcome;
  if (outcome.busy) return endingOfBusy(task, error);
  if (!error.retryable) return finish({ status: 'failed', error });
  if (!hasNextTry(task, error, limits)) return finish({ status: 'failed', error, deadLettered: true });
  const delaySeconds = Math.round(backoffSeconds(limits.backoffSeconds, task.failures, random));
  return { do: 'put_back', reason: 'transient_failure', delaySeconds, error };
}

const CLOSED_DURING_SCAN = windowClosed('the maintenance window of its targets closed while they were scanned');

/** The end of a run that was stopped. */
export function endingOfStop(reason: StopReason): Ending {
  switch (reason) {
    case 'lease_lost':
      return { do: 'nothing' };
    case 'shutdown':
      return { do: 'put_back', reason: 'shutdown', delaySeconds: 0 };
    case 'deadline':
      return finish({ status: 'timed_out' });
    case 'window_closed':
      return finish({ status: 'failed', error: CLOSED_DURING_SCAN });
    case 'cancelled':
      return finish({ status: 'cancelled' });
  }
}

/** The end of a task whose job is being stopped. */
export const endingUnder = (job: Pick<Job, 'stopReason'>): Ending =>
  endingOfStop(job.stopReason === 'deadline' ? 'deadline' : 'cancelled');

const BUSY_SECONDS = 5;
const BUSY_SECONDS_AT_MOST = 300;

/**
 * Another task has one of the hosts, or the scanner has no room: again after 5 s, and twice as long each time in a row, up to 5 min. Such a
 * claim is counted as an attempt and not kept in the list, whose last entry is the claim in hand: so the attempts missing before it are the row.
 */
export function endingOfBusy({ attempt, claims }: Pick<Task, 'attempt' | 'claims'>, error?: TaskError): Ending {
  const busyInRow = attempt - 1 - (claims.at(-2)?.attempt ?? 0);
  return {
    do: 'put_back',
    reason: 'host_busy',
    delaySeconds: Math.min(BUSY_SECONDS * 2 ** busyInRow, BUSY_SECONDS_AT_MOST),
    ...(error === undefined ? {} : { error }),
  };
}

/** A target that the policy opens at another time, or a window of its own that has closed: nothing is scanned. */
export const endingOfClosedWindow = (closed?: { readonly host: string; readonly reason: string }): Ending =>
  finish({
    status: 'failed',
    error: closed === undefined ? CLOSED_BEFORE_START : windowClosed(`${closed.host}: ${closed.reason}`),
  });

/** A task of a job that may spend no more. */
export const endingOfSpentBudget = (): Ending => finish({ status: 'failed', error: JOB_BUDGET_EXHAUSTED });
