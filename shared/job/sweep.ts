/** What a job that is due needs. Pure: the store reads the job and all its tasks, asks here, and does it by conditional writes. */
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
 * announce: its end was not yet · finalise: no task is open · cancel: its tree was, by its caller, who did not come as far as this job ·
 * expire: its deadline has passed · stop: it is being stopped, and has tasks that nobody else will end · close: it has tasks that did not start before their maintenance window closed · release: tasks wait for
 * slots, or slots for nothing.
 * Of tasks: resend: its message may be lost · lose: its lease is over · exhaust: the same, for the last time.
 */
export type SweepAction =
  | { readonly do: 'announce' | 'finalise' | 'expire' | 'stop' | 'close' | 'release' }
  | { readonly do: 'cancel'; readonly by: string }
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
}

export function decide(
  job: Job,
  tasks: readonly Task[],
  now: string,
  limits: SweepLimits,
  { stopped = new Map(), closedBy }: Circumstances = {},
): SweepAction[] {
  if (isTerminal(job.status)) return job.checkAt === undefined ? [] : [{ do: 'announce' }];
  if (job.openCount === 0) return [{ do: 'finalise' }];
  if (job.status === 'cancelling')
    return tasks.some((task) => canBeStopped(job, task, now, limits)) ? [{ do: 'stop' }] : [];
  if (closedBy !== undefined) return [{ do: 'cancel', by: closedBy }];
  if (job.deadlineAt <= now) return [{ do: 'expire' }];
  return [
    ...(tasks.some((task) => canBeClosed(job, task, now)) ? [{ do: 'close' } as const] : []),
    ...tasks.flatMap((task) =>
      hasClosed(inRound(task, job), now) ? [] : actionsOf(task, job.round, now, limits, stopped),
    ),
    ...(nextSlotStep(job, 'now', now) === 'nothing' ? [] : [{ do: 'release' } as const]),
  ];
}

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

/** Whether a task whose window has closed may be ended by somebody else than a worker: one that holds it stops by itself. */
export const canBeClosed = (job: Pick<Job, 'round' | 'retryWindow'>, task: Task, now: string): boolean =>
  hasClosed(inRound(task, job), now) && (statusInRound(task, job.round) === 'queued' || isLeaseOver(task, now));

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
  if (statusInRound(task, job.round) === 'queued' || isLeaseOver(task, now)) return true;
  return HELD.includes(task.status) && job.stopAt !== undefined && secondsAfter(job.stopAt, 2 * leaseSeconds) < now;
}
