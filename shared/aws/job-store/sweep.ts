/** 19 to 22. The sweeper looks at each open job once in a while and does what nobody else did. */
import { addUsage, usageOfLost } from '../../cost/usage.ts';
import { ConflictError } from '../../errors.ts';
import type { Job } from '../../job/job.ts';
import type { Sweep } from '../../job/store.ts';
import { decide, isLeaseOver, type SweepAction } from '../../job/sweep.ts';
import { isTerminal } from '../../status.ts';
import { backoffSeconds } from '../../task/backoff.ts';
import { endClaim } from '../../task/claims.ts';
import { taskSourcesOf } from '../../task/lifecycle.ts';
import { sizeNeededAfter } from '../../task/next-try.ts';
import type { Task, TaskError } from '../../task/task.ts';
import { secondsAfter } from '../../time.ts';
import { CHECK_SHARDS, INDEXES, jobIdOf, jobKey, taskKey } from '../table.ts';
import { isDaySpent, tellDay } from './budget.ts';
import { cancel, expire } from './cancel.ts';
import type { StoreContext } from './context.ts';
import { putDeadLetter } from './dead-letters.ts';
import { statusIn, type Update } from './expression.ts';
import { finalise } from './finalise.ts';
import { countEnd, OPEN } from './finish.ts';
import { partsExpireAt, refOf } from './items.ts';
import { HELD, onQueueAgain } from './lease.ts';
import { readJob, readTasks } from './records.ts';
import { release, releaseWaiting } from './release.ts';
import { ACTIVE_STATUSES } from './slots.ts';
import { capWalk, closeWalk, stopWalk } from './stop.ts';
import { stopErrors } from './stopped-workers.ts';
import { againAt, nextCheckAt } from './transition.ts';
import { closerOf } from './tree.ts';

export const SWEEPER = 'sweep-tasks';

/** Of the four partitions, the oldest first. */
export async function dueJobs({ db, now }: StoreContext, limit: number): Promise<readonly string[]> {
  const { name: index, partitionKey, sortKey } = INDEXES.openJobs;
  const where = `#${partitionKey} = :shard AND #${sortKey} <= :now`;
  const shards = await Promise.all(
    CHECK_SHARDS.map(async (shard) => {
      const page = await db.pages({ index, where, values: { shard, now: now().toISOString() }, limit }).next();
      return page.value ?? [];
    }),
  );
  return shards
    .flat()
    .sort((a, b) => (String(a[sortKey]) < String(b[sortKey]) ? -1 : 1))
    .slice(0, limit)
    .map(({ pk }) => jobIdOf({ pk: String(pk) }));
}

type Done = Pick<Sweep, 'send' | 'sendLater'>;
const NOTHING: Done = { send: [], sendLater: [] };

export async function sweepJob(context: StoreContext, jobId: string): Promise<Sweep> {
  const job = await readJob(context, jobId);
  if (job === undefined) return { ...NOTHING, actions: {} };
  const tasks = isTerminal(job.status) ? [] : await readTasks(context, jobId);
  const now = context.now().toISOString();
  const lost = tasks.filter((task) => isLeaseOver(task, now));
  const daySpent =
    ACTIVE_STATUSES.includes(job.status) && (await isDaySpent(context, job.tenant, job.costNanoUsd - job.toldNanoUsd));
  const actions = decide(job, tasks, now, context.limits, {
    stopped: await stopErrors(context, lost),
    closedBy: isTerminal(job.status) ? undefined : await closerOf(context, job),
    daySpent,
  });
  const counted = countBy(actions);
  if (isTerminal(job.status)) return { ...NOTHING, actions: counted, ...(actions.length > 0 ? { finished: job } : {}) };
  if (!(await takeTurn(context, job))) return { ...NOTHING, actions: {} };
  const done: Done[] = [];
  for (const action of actions) done.push(await perform(context, job, action));
  const settled = actions.some(({ do: what }) => SETTLING.has(what)) ? await settle(context, jobId) : NOTHING;
  return {
    ...settled,
    send: [...done, settled].flatMap(({ send }) => send),
    sendLater: done.flatMap(({ sendLater }) => sendLater),
    actions: counted,
  };
}

const countBy = (actions: readonly SweepAction[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { do: what } of actions) counts[what] = (counts[what] ?? 0) + 1;
  return counts;
};

/** 19. False: another sweeper has it. With it the job tells its tenant's day what it has cost. */
async function takeTurn(context: StoreContext, job: Job): Promise<boolean> {
  const { db, limits, now } = context;
  const telling = tellDay(context, job);
  const turn: Update = {
    kind: 'update',
    key: jobKey(job.jobId),
    when: `${OPEN} AND #checkAt = :seen${telling?.when ?? ''}`,
    values: { seen: job.checkAt, ...telling?.values },
    set: { checkAt: nextCheckAt(now().toISOString(), limits), ...telling?.set },
  };
  const taken = telling === undefined ? await db.write(turn) : await db.transact([turn, telling.day]);
  return taken.ok;
}

/** What may leave the job without an open task, or with free slots. */
const SETTLING: ReadonlySet<SweepAction['do']> = new Set([
  ...(['finalise', 'release', 'cancel', 'expire', 'stop', 'close', 'cap', 'exhaust'] as const),
]);

async function perform(context: StoreContext, job: Job, action: SweepAction): Promise<Done> {
  switch (action.do) {
    case 'resend':
      return resend(context, action.task);
    case 'lose':
      return lose(context, action.task, action.error);
    case 'exhaust':
      await exhaust(context, job, action.task, action.error);
      return NOTHING;
    case 'cancel':
      await cancelUnlessEnded(context, job, action.by);
      return NOTHING;
    case 'expire': {
      const expired = await expire(context, job, SWEEPER);
      if (expired !== undefined) await stopWalk(context, expired);
      return NOTHING;
    }
    case 'stop':
      await stopWalk(context, job);
      return NOTHING;
    case 'close':
      await closeWalk(context, job);
      return NOTHING;
    case 'cap':
      await capWalk(context, job, action.error);
      return NOTHING;
    default:
      return NOTHING;
  }
}

async function cancelUnlessEnded(context: StoreContext, { jobId }: Job, by: string): Promise<void> {
  try {
    await cancel(context, jobId, by);
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
}

/** 12 or 3, whichever the job is ready for now. */
async function settle(context: StoreContext, jobId: string): Promise<Done & Pick<Sweep, 'finished'>> {
  const job = await readJob(context, jobId);
  if (job === undefined) return NOTHING;
  const finished = await finalise(context, job, SWEEPER);
  if (finished === undefined) return { ...NOTHING, send: await release(context, job, 'now') };
  return { ...NOTHING, finished, send: await releaseWaiting(context, job.tenant, job.slots) };
}

/** 20. Most such tasks only wait for a worker. */
async function resend({ db, limits, now }: StoreContext, task: Task): Promise<Done> {
  const sent = await db.write({
    kind: 'update',
    key: taskKey(task.jobId, task.taskId),
    when: '#status = :queued AND #attempt = :attempt AND #checkAt = :seen',
    values: { attempt: task.attempt, seen: task.checkAt },
    set: { checkAt: againAt(now(), limits, task.resends) },
    add: { resends: 1 },
  });
  return sent.ok ? { ...NOTHING, send: [refOf(task)] } : NOTHING;
}

const LEASE_OVER = '#attempt = :attempt AND #leaseExpiresAt <= :at';

/** 21. Another worker may have it, after a while, if need be a larger one. */
async function lose({ db, limits, now, random }: StoreContext, task: Task, error: TaskError): Promise<Done> {
  const at = now().toISOString();
  const delaySeconds = backoffSeconds(limits.backoffSeconds, task.failures, random);
  const notBefore = secondsAfter(at, delaySeconds);
  const workerSize = sizeNeededAfter(error) ?? task.workerSize;
  const lost = await db.write({
    kind: 'update',
    key: taskKey(task.jobId, task.taskId),
    when: `${statusIn(taskSourcesOf('lose'))} AND ${LEASE_OVER}`,
    values: { attempt: task.attempt, at },
    ...onQueueAgain(notBefore, limits, { error, workerSize, claims: endClaim(task.claims, at, error.code) }),
    add: { failures: 1, leasesLost: 1, ...usageOfLost(task, limits) },
  });
  return lost.ok ? { ...NOTHING, sendLater: [{ ref: refOf({ ...task, workerSize }), delaySeconds }] } : NOTHING;
}

/** 22. It failed once too often: a dead letter. */
async function exhaust({ db, limits, now }: StoreContext, job: Job, task: Task, error: TaskError): Promise<void> {
  const at = now().toISOString();
  const lost = usageOfLost(task, limits);
  const end: Update = {
    kind: 'update',
    key: taskKey(task.jobId, task.taskId),
    when: `${HELD} AND ${LEASE_OVER}`,
    values: { attempt: task.attempt, at },
    set: {
      status: 'failed',
      endedAt: at,
      error,
      claims: endClaim(task.claims, at, error.code),
      deadLetteredAt: at,
    },
    add: { failures: 1, leasesLost: 1, ...lost },
    remove: ['checkAt', 'leaseOwner', 'leaseExpiresAt', 'notBefore'],
  };
  await db.transact([
    end,
    countEnd(task.jobId, 'failed', addUsage([task, lost])),
    putDeadLetter(task, error, at, partsExpireAt(job)),
  ]);
}
