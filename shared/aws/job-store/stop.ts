/**
 * 14. The stop walk: ends what a job that is being stopped still has, but for what a worker holds and will end itself. 23. The close walk:
 * the same for tasks of a job that goes on, whose maintenance window has closed. 26. The cap walk: likewise for all tasks that have not
 * begun of a job that may spend no more. Neither cap is in a condition: what was spent never falls while a round, or a day, lasts.
 */
import { addUsage, NOTHING_USED, type Usage, usageOfLost } from '../../cost/usage.ts';
import type { Job } from '../../job/job.ts';
import { canBeClosed, canBeStopped, isWithoutWorker } from '../../job/sweep.ts';
import type { Limits } from '../../limits.ts';
import type { Status } from '../../status.ts';
import { inRound } from '../../target/maintenance-window.ts';
import { endClaim } from '../../task/claims.ts';
import type { Task, TaskError } from '../../task/task.ts';
import { CLOSED_BEFORE_START } from '../../task/window-closed.ts';
import { jobKey, taskKey } from '../table.ts';
import type { StoreContext } from './context.ts';
import { statusIn, type Update } from './expression.ts';
import { COUNTED_IN_ROUND, COUNTER, isHeld } from './items.ts';
import { readJob, readTasks } from './records.ts';
import { ACTIVE_STATUSES } from './slots.ts';

/** How often a race is run again before the rest is left to the sweeper. */
const MAX_LOST_RACES = 8;

interface Walk {
  /** What the job has to be for as long as it lasts. */
  readonly through: readonly Status[];
  readonly takes: (job: Job, task: Task, at: string, limits: Limits) => boolean;
  /** How the tasks end. */
  readonly end: (job: Job) => { readonly status: 'cancelled' | 'timed_out' | 'failed'; readonly error?: TaskError };
}

const STOP: Walk = {
  through: ['cancelling'],
  takes: canBeStopped,
  end: ({ stopReason }) => ({ status: stopReason === 'cancel' ? 'cancelled' : 'timed_out' }),
};
const CLOSE: Walk = {
  through: ACTIVE_STATUSES,
  takes: canBeClosed,
  end: () => ({ status: 'failed', error: CLOSED_BEFORE_START }),
};
const capped = (error: TaskError): Walk => ({
  through: ACTIVE_STATUSES,
  takes: isWithoutWorker,
  end: () => ({ status: 'failed', error }),
});

/** The job as it is then; undefined when it is gone. */
export const stopWalk = (context: StoreContext, job: Job): Promise<Job | undefined> => walk(context, job, STOP);
export const closeWalk = (context: StoreContext, job: Job): Promise<Job | undefined> => walk(context, job, CLOSE);
export const capWalk = (context: StoreContext, job: Job, error: TaskError): Promise<Job | undefined> =>
  walk(context, job, capped(error));

async function walk(context: StoreContext, job: Job, rule: Walk): Promise<Job | undefined> {
  let current: Job | undefined = job;
  for (let races = 0; races <= MAX_LOST_RACES && current && rule.through.includes(current.status); races += 1) {
    if (await stopAll(context, current, rule)) break;
    current = await readJob(context, job.jobId);
  }
  return readJob(context, job.jobId);
}

/** Whether nothing is left that could be stopped now; false when a race was lost. */
async function stopAll(context: StoreContext, job: Job, rule: Walk): Promise<boolean> {
  const at = context.now().toISOString();
  const tasks = (await readTasks(context, job.jobId)).filter((task) => rule.takes(job, task, at, context.limits));
  const most = context.transactionItems - 1;
  for (let start = 0; start < tasks.length; start += most) {
    const batch = tasks.slice(start, start + most);
    const stopped = await context.db.transact([
      countStopped(context, job, batch, rule),
      ...batch.map((task) => stopTask(context, job, task, at, rule)),
    ]);
    if (!stopped.ok) return false;
  }
  return true;
}

const countStopped = ({ limits }: StoreContext, job: Job, tasks: readonly Task[], { through, end }: Walk): Update => ({
  kind: 'update',
  key: jobKey(job.jobId),
  when: `${statusIn(through)} AND #round = :round`,
  values: { round: job.round },
  add: {
    openCount: -tasks.length,
    live: -tasks.filter(({ checkAt }) => checkAt !== undefined).length,
    [COUNTER[end(job).status]]: tasks.length,
    ...addUsage(tasks.filter(({ round }) => round === job.round).flatMap((task) => [task, usageOfTaken(task, limits)])),
  },
});

/** By the claim that the task is taken from, if any. */
const usageOfTaken = (task: Task, limits: Limits): Usage => (isHeld(task) ? usageOfLost(task, limits) : NOTHING_USED);

/** What a task that ended keeps of a claim, though not of one in an earlier round. */
const OF_LAST_RUN = ['startedAt', 'progress'];

/** Names all that was seen: whoever claims, ends or puts back the task meanwhile makes the walk look again. */
function stopTask({ limits }: StoreContext, job: Job, task: Task, at: string, { end }: Walk): Update {
  const { status, error } = end(job);
  const leaseOver = isHeld(task) && task.leaseExpiresAt !== undefined && task.leaseExpiresAt <= at;
  const released = task.checkAt === undefined ? 'attribute_not_exists(#checkAt)' : 'attribute_exists(#checkAt)';
  return {
    kind: 'update',
    key: taskKey(task.jobId, task.taskId),
    when: `#status = :seen AND #attempt = :attempt AND #round = :seenRound AND ${released}${leaseOver ? ' AND #leaseExpiresAt <= :at' : ''}`,
    values: { seen: task.status, attempt: task.attempt, seenRound: task.round, at },
    set: {
      status,
      error,
      ...inRound(task, job),
      round: job.round,
      endedAt: at,
      claims: isHeld(task) ? endClaim(task.claims, at, leaseOver ? 'lease_lost' : 'did_not_stop') : undefined,
    },
    ...(isHeld(task) ? { add: { ...usageOfTaken(task, limits), leasesLost: leaseOver ? 1 : 0 } } : {}),
    remove: [
      ...['checkAt', 'leaseOwner', 'leaseExpiresAt', 'notBefore', 'result', 'deadLetteredAt'],
      ...(error === undefined ? ['error'] : []),
      ...(isHeld(task) ? [] : OF_LAST_RUN),
      ...(task.round < job.round ? COUNTED_IN_ROUND : []),
    ],
  };
}
