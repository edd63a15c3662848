/** What a job that is due needs. Pure: the store reads the job and all its tasks, asks here, and does it by conditional writes. */
import { DAY_BUDGET_EXHAUSTED, isSpent, JOB_BUDGET_EXHAUSTED } from '../cost/budget.ts';
import type { Limits } from '../limits.ts';
import { isTerminal } from '../status.ts';
import { hasClosed, inRound } from '../target/maintenance-window.ts';
import { workerOf } from '../task/claims.ts';
import { statusInRound, taskSourcesOf } from '../task/lifecycle.ts';
import { hasNextTry } from '../task/next-try.ts';
import type { Task, TaskError } from '../task/task.ts';
import { secondsAfter } from '../time.ts';
import type { Job } from './job.ts';
import { nextSlotStep } from './slots.ts';

type SweepLimits = Pick<Limits, 'leaseSeconds' | 'maxFailures'>;

/**
 * announce: its end was not yet, or follow-ups or its signature are due · finalise: no task is open · cancel: its tree was, by its caller,
 * who did not come as far as this job · expire: its deadline has passed · stop: it is being stopped, and has tasks that nobody else will
 * end · close: it has tasks that did not start before their maintenance window closed · cap: it has tasks that did not start before its
 * budget, or its tenant's of the day, was spent · release: tasks wait for slots, or slots for nothing.
 * Of tasks: resend: its message may be lost · lose: its lease is over · exhaust: the same, for the last time.
 */
export type SweepAction =
  | { readonly do: 'announce' | 'finalise' | 'expire' | 'stop' | 'close' | 'release' }
  | { readonly do: 'cancel'; readonly by: string }
  | { readonly do: 'cap'; readonly error: TaskError }
  | { readonly do: 'resend'; readonly task: Task }
  | { readonly do: 'lose' | 'exhaust'; readonly task: Task; readonly error: TaskError };

const LEASE_LOST: TaskError = {
  code: 'lease_lost',
  message: 'its worker did not renew the lease in time',
  retryable: true,
};

/** What else there is to know of the job. */
interface Circumstances {
  /** Of workers that are known to have ended, why. */
  readonly stopped?: ReadonlyMap<string, TaskError>;
  /** Who cancelled the tree it belongs to. */
  readonly closedBy?: string | undefined;
  /** Its tenant may spend no more today. */
  readonly daySpent?: boolean;
}

export function decide(
  job: Job,
  tasks: readonly Task[],
  now: string,
  limits: SweepLimits,
  { stopped = new Map(), closedBy, daySpent = false }: Circumstances = {},
): SweepAction[] {
  if (isTerminal(job.status)) return job.checkAt === undefined ? [] : [{ do: 'announce' }];
  if (job.openCount === 0) return [{ do: 'finalise' }];
  if (job.status === 'cancelling')
    return tasks.some((task) => canBeStopped(job, task, now, limits)) ? [{ do: 'stop' }] : [];
  if (closedBy !== undefined) return [{ do: 'cancel', by: closedBy }];
  if (job.deadlineAt <= now) return [{ do: 'expire' }];
  const exhausted = exhaustedBudget(job, daySpent);
  if (exhausted === undefined) return repairsOf(job, tasks, now, limits, stopped);
  return tasks.some((task) => isWithoutWorker(job, task, now)) ? [{ do: 'cap', error: exhausted }] : [];
}

function exhaustedBudget(job: Job, daySpent: boolean): TaskError | undefined {
  if (isSpent(job)) return JOB_BUDGET_EXHAUSTED;
  return daySpent ? DAY_BUDGET_EXHAUSTED : undefined;
}

const repairsOf = (
  job: Job,
  tasks: readonly Task[],
  now: string,
  limits: SweepLimits,
  stopped: ReadonlyMap<string, TaskError>,
): SweepAction[] => [
  ...(tasks.some((task) => canBeClosed(job, task, now)) ? [{ do: 'close' } as const] : []),
  ...tasks.flatMap((task) =>
    hasClosed(inRound(task, job), now) ? [] : actionsOf(task, job.round, now, limits, stopped),
  ),
  ...(nextSlotStep(job, 'now', now) === 'nothing' ? [] : [{ do: 'release' } as const]),
];

const HELD = taskSourcesOf('stop');

function actionsOf(
  task: Task,
  round: number,
  now: string,
  limits: SweepLimits,
  stopped: ReadonlyMap<string, TaskError>,
): SweepAction[] {
  if (task.round !== round || task.checkAt === undefined || task.checkAt > now) return [];
  if (task.status === 'queued') return [{ do: 'resend', task }];
  if (!isLeaseOver(task, now)) return [];
  const error = stopped.get(workerOf(task.leaseOwner ?? '')) ?? LEASE_LOST;
  return [{ do: hasNextTry(task, error, limits) ? 'lose' : 'exhaust', task, error }];
}

export const isLeaseOver = ({ status, leaseExpiresAt }: Task, now: string): boolean =>
  HELD.includes(status) && leaseExpiresAt !== undefined && leaseExpiresAt <= now;

/** No worker has it, or none any more: somebody else may end it, where one that holds it ends it by itself. */
export const isWithoutWorker = (job: Pick<Job, 'round'>, task: Task, now: string): boolean =>
  statusInRound(task, job.round) === 'queued' || isLeaseOver(task, now);

/** Whether a task whose window has closed may be ended by somebody else than a worker. */
export const canBeClosed = (job: Pick<Job, 'round' | 'retryWindow'>, task: Task, now: string): boolean =>
  hasClosed(inRound(task, job), now) && isWithoutWorker(job, task, now);

/**
 * Whether a task of a job that is being stopped may be ended by somebody else than a worker: it waits, its lease is over, or its worker
 * has not seen the end of it for two leases.
 */
export function canBeStopped(
  job: Job,
  task: Task,
  now: string,
  { leaseSeconds }: Pick<Limits, 'leaseSeconds'>,
): boolean {
  if (isWithoutWorker(job, task, now)) return true;
  return HELD.includes(task.status) && job.stopAt !== undefined && secondsAfter(job.stopAt, 2 * leaseSeconds) < now;
}
