/** 14. The stop walk: ends what a job that is being stopped still has, but for what a worker holds and will end itself. */
import type { Job } from '../../job/job.ts';
import { canBeStopped } from '../../job/sweep.ts';
import { endClaim } from '../../task/claims.ts';
import type { Task } from '../../task/task.ts';
import { jobKey, taskKey } from '../table.ts';
import type { StoreContext } from './context.ts';
import type { Update } from './expression.ts';
import { COUNTED_IN_ROUND, COUNTER, isHeld } from './items.ts';
import { readJob, readTasks } from './records.ts';

/** How often a race is run again before the rest is left to the sweeper. */
const MAX_LOST_RACES = 8;

/** The job as it is then; undefined when it is gone. */
export async function stopWalk(context: StoreContext, job: Job): Promise<Job | undefined> {
  let current: Job | undefined = job;
  for (let races = 0; races <= MAX_LOST_RACES && current?.status === 'cancelling'; races += 1) {
    if (await stopAll(context, current)) break;
    current = await readJob(context, job.jobId);
  }
  return readJob(context, job.jobId);
}

/** Whether nothing is left that could be stopped now; false when a race was lost. */
async function stopAll(context: StoreContext, job: Job): Promise<boolean> {
  const at = context.now().toISOString();
  const tasks = (await readTasks(context, job.jobId)).filter((task) => canBeStopped(job, task, at, context.limits));
  const most = context.transactionItems - 1;
  for (let start = 0; start < tasks.length; start += most) {
    const batch = tasks.slice(start, start + most);
    const stopped = await context.db.transact([
      countStopped(job, batch),
      ...batch.map((task) => stopTask(job, task, at)),
    ]);
    if (!stopped.ok) return false;
  }
  return true;
}

const endOf = ({ stopReason }: Job): 'cancelled' | 'timed_out' => (stopReason === 'cancel' ? 'cancelled' : 'timed_out');

const countStopped = (job: Job, tasks: readonly Task[]): Update => ({
  kind: 'update',
  key: jobKey(job.jobId),
  when: '#status = :cancelling AND #round = :round',
  values: { round: job.round },
  add: {
    openCount: -tasks.length,
    live: -tasks.filter(({ checkAt }) => checkAt !== undefined).length,
    [COUNTER[endOf(job)]]: tasks.length,
  },
});

/** What a task that ended keeps of a claim, though not of one in an earlier round. */
const OF_LAST_RUN = ['startedAt', 'progress'];

/** Names all that was seen: whoever claims, ends or puts back the task meanwhile makes the walk look again. */
function stopTask(job: Job, task: Task, at: string): Update {
  const leaseOver = isHeld(task) && task.leaseExpiresAt !== undefined && task.leaseExpiresAt <= at;
  const released = task.checkAt === undefined ? 'attribute_not_exists(#checkAt)' : 'attribute_exists(#checkAt)';
  return {
    kind: 'update',
    key: taskKey(task.jobId, task.taskId),
    when: `#status = :seen AND #attempt = :attempt AND #round = :seenRound AND ${released}${leaseOver ? ' AND #leaseExpiresAt <= :at' : ''}`,
    values: { seen: task.status, attempt: task.attempt, seenRound: task.round, at },
    set: {
      status: endOf(job),
      round: job.round,
      endedAt: at,
      claims: isHeld(task) ? endClaim(task.claims, at, leaseOver ? 'lease_lost' : 'did_not_stop') : undefined,
    },
    ...(leaseOver ? { add: { leasesLost: 1 } } : {}),
    remove: [
      ...['checkAt', 'leaseOwner', 'leaseExpiresAt', 'notBefore', 'result', 'error', 'deadLetteredAt'],
      ...(isHeld(task) ? [] : OF_LAST_RUN),
      ...(task.round < job.round ? COUNTED_IN_ROUND : []),
    ],
  };
}
