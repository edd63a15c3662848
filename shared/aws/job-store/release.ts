/** 3. Release: tasks become claimable in order of their number, as far as the job's slots reach; then their messages are sent. */
import type { Job } from '../../job/job.ts';
import { inOrderOfRelease, nextSlotStep, type ReleaseMode, wantsSlots } from '../../job/slots.ts';
import type { Limits } from '../../limits.ts';
import { isTerminal } from '../../status.ts';
import { inRound, opensLater } from '../../target/maintenance-window.ts';
import { type Task, type TaskRef, taskIdOf } from '../../task/task.ts';
import { secondsAfter } from '../../time.ts';
import { INDEXES, jobKey, type Key, taskKey, tenantStatusOf } from '../table.ts';
import type { StoreContext } from './context.ts';
import type { Item } from './database.ts';
import type { Attributes, Update } from './expression.ts';
import { COUNTED_IN_ROUND, jobOf, refOf } from './items.ts';
import { readJob, taskPages } from './records.ts';
import { ACTIVE_STATUSES, AS_READ, borrow, giveBack, readQuota } from './slots.ts';

/** How often a race is run again before the rest is left to the sweeper. */
const MAX_LOST_RACES = 8;

/** Releases, borrows and gives back until nothing is left to do. What it returns goes on the queue; some may be of other jobs. */
export async function release(context: StoreContext, job: Job, mode: ReleaseMode): Promise<TaskRef[]> {
  const released: TaskRef[] = [];
  let current: Job | undefined = job;
  let lostRaces = 0;
  while (current !== undefined && ACTIVE_STATUSES.includes(current.status) && lostRaces < MAX_LOST_RACES) {
    const step = nextSlotStep(current, mode, context.now().toISOString());
    if (step === 'nothing') break;
    const done = await STEPS[step](context, current);
    if (done === 'in vain') break;
    if (done === 'lost race') {
      lostRaces += 1;
      current = await readJob(context, job.jobId);
    } else {
      released.push(...done.released);
      current = done.job;
    }
  }
  return released;
}

type Done = { readonly job: Job; readonly released: readonly TaskRef[] } | 'lost race' | 'in vain';

const STEPS: Readonly<Record<'release' | 'borrow' | 'give_back', (context: StoreContext, job: Job) => Promise<Done>>> =
  {
    release: releaseBatch,
    borrow: async (context, job) => {
      const lent = await borrow(context, job);
      return typeof lent === 'string' ? lent : { job: lent, released: [] };
    },
    give_back: async (context, job) => {
      const given = await giveBack(context, job);
      if (given === undefined) return 'lost race';
      return { job: given, released: await releaseWaiting(context, job.tenant, job.slots - given.slots) };
    },
  };

async function releaseBatch(context: StoreContext, job: Job): Promise<Done> {
  const now = context.now().toISOString();
  const { batch, next, opensAt } = await nextTasks(context, job, now);
  if (batch.length === 0 && opensAt === undefined) return 'in vain';
  const { round, slots } = job;
  const moved = await context.db.transact([
    {
      kind: 'update',
      key: jobKey(job.jobId),
      when: AS_READ,
      values: { round, slots, next: job.next },
      set: { next, opensAt },
      add: { live: batch.length },
    },
    ...batch.map((task) => releaseTask(task, job, releasedAt(now, context.limits))),
  ]);
  if (!moved.ok) return 'lost race';
  return { job: { ...job, next, opensAt, live: job.live + batch.length }, released: batch.map(refOf) };
}

interface Batch {
  readonly batch: readonly Task[];
  /** The index after the last of them. */
  readonly next: number;
  /** When the window of the task there opens, if it keeps the batch from being longer. */
  readonly opensAt?: string;
}

/** The tasks that free slots can take. A retry steps over those that had completed. */
async function nextTasks(context: StoreContext, job: Job, now: string): Promise<Batch> {
  const most = Math.min(job.slots - job.live, context.transactionItems - 1);
  const batch: Task[] = [];
  for await (const page of taskPages(context, job.jobId, taskIdOf(job.next), most))
    for (const task of page) {
      if (!isReleasable(task, job.round)) continue;
      const opensAt = opensLater(inRound(task, job), now);
      if (opensAt !== undefined) return { batch, next: Number(task.taskId) - 1, opensAt };
      batch.push(task);
      if (batch.length === most) return { batch, next: Number(task.taskId) };
    }
  return { batch, next: job.taskCount };
}

const isReleasable = (task: Task, round: number): boolean =>
  task.round === round
    ? task.status === 'queued' && task.checkAt === undefined
    : isTerminal(task.status) && task.status !== 'completed';

/** What a task on the queue has, released at `now`: its message may be lost, so the sweeper looks once in a while. */
export const releasedAt = (now: string, limits: Limits): Attributes => ({
  notBefore: now,
  checkAt: secondsAfter(now, limits.sweepSeconds),
  resends: 0,
});

/** For the first time in this round: a task of an earlier round starts from the beginning, but its attempts count on. */
function releaseTask(task: Task, job: Job, released: Attributes): Update {
  const { round } = job;
  const { jobId, taskId, attempt, status } = task;
  const key = taskKey(jobId, taskId);
  if (task.round === round)
    return {
      kind: 'update',
      key,
      when: '#status = :queued AND #attempt = :attempt AND #round = :round AND attribute_not_exists(#checkAt)',
      values: { attempt, round },
      set: released,
    };
  return {
    kind: 'update',
    key,
    when: '#status = :seen AND #round = :seenRound',
    values: { seen: status, seenRound: task.round },
    set: { ...released, ...inRound(task, job), status: 'queued', round, failures: 0 },
    remove: [
      'leaseOwner',
      'leaseExpiresAt',
      'result',
      'error',
      'progress',
      'startedAt',
      'endedAt',
      'deadLetteredAt',
      ...COUNTED_IN_ROUND,
    ],
  };
}

const MAX_WAITING_JOBS = 100;

/** Offers slots that were freed to the jobs of the tenant that wait for some. */
export async function releaseWaiting(context: StoreContext, tenant: string, freedSlots: number): Promise<TaskRef[]> {
  const { windowTasks } = context.limits;
  const { lent } = await readQuota(context, tenant);
  // Before they were freed there was plenty: then nobody waits. Half, because others may have freed some in the same moment.
  if (lent >= windowTasks || lent + freedSlots < windowTasks / 2) return [];
  const released: TaskRef[] = [];
  let room = windowTasks - lent;
  for (const job of await waitingJobs(context, tenant)) {
    const refs = await release(context, job, 'now');
    released.push(...refs);
    room -= refs.length;
    if (room <= 0) break;
  }
  return released;
}

async function waitingJobs({ db, now }: StoreContext, tenant: string): Promise<Job[]> {
  const keys: Key[] = [];
  for (const status of ACTIVE_STATUSES) {
    const { name: index, partitionKey } = INDEXES.byTenantStatus;
    const query = {
      index,
      where: `#${partitionKey} = :one`,
      values: { one: tenantStatusOf(tenant, status) },
      limit: MAX_WAITING_JOBS,
    };
    for await (const items of db.pages(query)) {
      keys.push(...items.map(keyOf));
      break;
    }
  }
  const jobs = (await db.getAll(keys)).map(jobOf).filter((job) => job !== undefined);
  return jobs.filter((job) => wantsSlots(job, now().toISOString())).sort(inOrderOfRelease);
}

const keyOf = ({ pk, sk }: Item): Key => ({ pk: String(pk), sk: String(sk) });
