/** 1, 2. Submit: the job's transaction is the commit. What comes before it has no effect without it, what comes after the sweeper makes up for. */
import { NOTHING_USED } from '../../cost/usage.ts';
import { ConflictError, CorruptError, UnavailableError } from '../../errors.ts';
import type { Job } from '../../job/job.ts';
import type { Answer, NewJob, Submitted } from '../../job/store.ts';
import type { Limits } from '../../limits.ts';
import { SCHEMA_VERSION } from '../../names.ts';
import { opensLater } from '../../target/maintenance-window.ts';
import { type Task, type TaskRef, taskIdOf } from '../../task/task.ts';
import { epochSecondsOf, secondsAfter } from '../../time.ts';
import { createdKeyOf, idempotencyKey, projectPartition, quotaKey, targetPartition } from '../table.ts';
import { daySpent, isDaySpent } from './budget.ts';
import type { StoreContext } from './context.ts';
import type { Item, Refusal } from './database.ts';
import { ABSENT, type Put, type Write } from './expression.ts';
import { expiryIn, jobOf, partsExpireAt, putJob, putSpec, putTask, type Quota, quotaOf, refOf } from './items.ts';
import { release, releasedAt } from './release.ts';
import { changeQuota, isOverQuota, overQuota, readQuota, slotsToLend } from './slots.ts';
import { nextCheckAt } from './transition.ts';
import { treeWrites } from './tree.ts';

/** Job, quota, spec and idempotency key. */
const COMMIT_ITEMS = 4;
/** So many targets of a job are found by GET /jobs?target=…. */
const MAX_INDEXED_TARGETS = 20;
/** After so many changes of the window under our eyes the job starts with one slot, which is always to be had. */
const MAX_LOST_RACES = 4;

interface Draft {
  readonly newJob: NewJob;
  readonly job: Job;
  readonly tasks: readonly Task[];
  readonly entries: readonly Put[];
  readonly answer: Answer;
}

export async function submit(context: StoreContext, newJob: NewJob, answer: Answer): Promise<Submitted> {
  const job = jobToBe(newJob, context.limits);
  const tasks = tasksToBe(newJob, job);
  const draft: Draft = { newJob, job, tasks, entries: indexEntries(newJob, job), answer };
  const items = COMMIT_ITEMS + treeWrites(newJob, job).length + draft.entries.length + tasks.length;
  if (items > context.transactionItems) return submitLarge(context, draft);
  const [quota, spent] = await Promise.all([context.db.peek(quotaKey(job.tenant)), isDaySpent(context, job.tenant)]);
  if (spent) return onSpentDay(context, newJob, await readKey(context, newJob));
  return commit(context, draft, quotaOf(quota), 'with tasks');
}

/** Nothing new begins today; what was submitted before is answered as it was then. Throws LimitError. */
function onSpentDay(context: StoreContext, newJob: NewJob, key: Item | undefined): Submitted {
  if (key === undefined) throw daySpent(context);
  return repeatOf(newJob, key);
}

/** 2. Tasks first: without their job they are neither sent, nor claimed, nor swept. */
async function submitLarge(context: StoreContext, draft: Draft): Promise<Submitted> {
  const { newJob, job, tasks, entries } = draft;
  const [quota, key, spent] = await Promise.all([
    readQuota(context, job.tenant),
    readKey(context, newJob),
    isDaySpent(context, job.tenant),
  ]);
  if (spent) return onSpentDay(context, newJob, key);
  if (key !== undefined) return repeatOf(newJob, key);
  if (isOverQuota(context.limits, quota)) throw overQuota(context.limits);
  const writes = [...tasks.map((task) => putTask(task, job)), ...entries];
  // A refused batch was written by an earlier try of this very submit: nobody else knows the id.
  for (let start = 0; start < writes.length; start += context.transactionItems)
    await context.db.transact(writes.slice(start, start + context.transactionItems));
  const submitted = await commit(context, draft, quota, 'alone');
  if (submitted.outcome === 'repeated') return submitted;
  return { ...submitted, released: await releaseIfPossible(context, submitted.job) };
}

type How = 'with tasks' | 'alone';

/** 1. How many slots the job is lent is decided by the window as last seen; a refusal shows it as it is, and the loop goes on with that. */
async function commit(context: StoreContext, draft: Draft, seen: Quota, how: How): Promise<Submitted> {
  let quota = seen;
  for (let tries = 1; ; tries += 1) {
    const slots = slotsFor(context, draft, quota, tries);
    const tried = await tryToCommit(context, draft, how, slots, quota.lent);
    if ('outcome' in tried) return tried;
    quota = tried;
    if (isOverQuota(context.limits, quota)) throw overQuota(context.limits);
  }
}

/** For the tasks whose windows are open, which come first; none where all have to wait. */
function slotsFor({ limits }: StoreContext, { job, tasks }: Draft, quota: Quota, tries: number): number {
  const closed = tasks.findIndex((task) => opensLater(task, job.createdAt) !== undefined);
  const wanted = closed === -1 ? tasks.length : closed;
  if (wanted === 0) return 0;
  return tries > MAX_LOST_RACES ? 1 : slotsToLend(limits, quota, wanted);
}

/** The answer, or the quota that refused. */
async function tryToCommit(
  context: StoreContext,
  draft: Draft,
  how: How,
  slots: number,
  queuePosition: number,
): Promise<Submitted | Quota> {
  const withTasks = how === 'with tasks';
  const released = withTasks ? slots : 0;
  const next = draft.tasks[released];
  const opensAt = next && opensLater(next, draft.job.createdAt);
  const job = { ...draft.job, slots, live: released, next: released, opensAt };
  const body = draft.answer(job, queuePosition);
  const committed = await context.db.transact([
    ...commitWrites(context, draft.newJob, job, body),
    ...(withTasks ? [...draft.entries, ...putTasks(context.limits, draft, released)] : []),
  ]);
  if (committed.ok) return created(draft, job, body);
  return answeredBefore(draft, committed.refusals, job, body) ?? quotaOf(committed.refusals[1]?.old);
}

/** In the order in which `answeredBefore` reads them. */
const commitWrites = (context: StoreContext, newJob: NewJob, job: Job, body: string): Write[] => [
  putJob(job),
  changeQuota(job.tenant, { jobs: 1, slots: job.slots, firstSlots: true }, context.limits),
  putSpec(job, newJob.spec),
  ...putKey(context, newJob, body),
  ...treeWrites(newJob, job),
];

/** What a refused commit says when not the quota refused it: that an earlier try of this call went through, or an earlier submit with this key. */
function answeredBefore(
  draft: Draft,
  [ofJob, ofQuota, , ...others]: readonly Refusal[],
  job: Job,
  body: string,
): Submitted | undefined {
  const key = draft.newJob.idempotency === undefined ? undefined : others.shift();
  // Only I know the id, so it was me; and what I answered then counts.
  if (ofJob?.failed) return created(draft, jobOf(ofJob.old) ?? job, String(key?.old?.body ?? body));
  if (key?.failed && key.old !== undefined) return repeatOf(draft.newJob, key.old);
  if (draft.newJob.joins !== undefined && others[0]?.failed)
    throw new ConflictError('tree_changed', `the tree of job ${job.rootJobId} is not as it was read`);
  if (ofQuota?.failed || key?.failed) return undefined;
  throw new CorruptError('submit_refused', `parts of job ${job.jobId} are there without it`);
}

const created = ({ tasks }: Draft, job: Job, body: string): Submitted => ({
  outcome: 'created',
  job,
  body,
  released: tasks.slice(0, job.next).map(refOf),
});

/** The job is stored: that its tasks could not be released now is for the sweeper. */
async function releaseIfPossible(context: StoreContext, job: Job): Promise<readonly TaskRef[]> {
  try {
    return await release(context, job, 'now');
  } catch (error) {
    if (error instanceof UnavailableError) return [];
    throw error;
  }
}

function jobToBe({ job, tasks }: NewJob, limits: Limits): Job {
  const { createdAt, deadlineSeconds } = job;
  return {
    ...job,
    status: 'queued',
    round: 1,
    stopReason: 'none',
    deadlineAt: secondsAfter(createdAt, deadlineSeconds),
    taskCount: tasks.length,
    openCount: tasks.length,
    ended: { completed: 0, failed: 0, timedOut: 0, cancelled: 0 },
    findings: 0,
    partialFindings: 0,
    ...NOTHING_USED,
    toldNanoUsd: 0,
    slots: 0,
    live: 0,
    next: 0,
    checkAt: nextCheckAt(createdAt, limits),
    // Room for two whole lives: a job that fails on its last second and is retried on the last day of its retention.
    lastExpiryEpochSeconds: epochSecondsOf(createdAt) + 2 * Math.ceil(deadlineSeconds + limits.retentionSeconds),
  };
}

const tasksToBe = ({ tasks }: NewJob, { jobId, tenant, round }: Job): Task[] =>
  tasks.map((task, index) => ({
    ...task,
    jobId,
    taskId: taskIdOf(index),
    tenant,
    status: 'queued',
    round,
    attempt: 0,
    failures: 0,
    resends: 0,
    claims: [],
  }));

/** The first `released` of them go on the queue at once. */
const putTasks = (limits: Limits, { job, tasks }: Draft, released: number): Put[] =>
  tasks.map((task, index) => putTask(index < released ? { ...task, ...releasedAt(job.createdAt, limits) } : task, job));

/** Where the job is listed by target and by project. */
function indexEntries({ spec }: NewJob, job: Job): Put[] {
  const partitions = spec.targets.slice(0, MAX_INDEXED_TARGETS).map((target) => targetPartition(job.tenant, target));
  if (job.project !== undefined) partitions.push(projectPartition(job.tenant, job.project));
  const item = { schemaVersion: SCHEMA_VERSION, expiresAtEpochSeconds: partsExpireAt(job) };
  return partitions.map((pk) => ({ kind: 'put', key: { pk, sk: createdKeyOf(job) }, item }));
}

function putKey({ now, limits }: StoreContext, { job, idempotency }: NewJob, body: string): Put[] {
  if (idempotency === undefined) return [];
  const at = now();
  return [
    {
      kind: 'put',
      key: idempotencyKey(job.tenant, idempotency.key),
      item: {
        schemaVersion: SCHEMA_VERSION,
        requestHash: idempotency.requestHash,
        jobId: job.jobId,
        body,
        ...expiryIn(at, limits.idempotencySeconds),
      },
      when: ABSENT,
      values: { nowEpochSeconds: Math.floor(at.getTime() / 1000) },
    },
  ];
}

const readKey = async ({ db }: StoreContext, { job, idempotency }: NewJob): Promise<Item | undefined> =>
  idempotency && db.get(idempotencyKey(job.tenant, idempotency.key));

/** The answer of the first time. ConflictError when that was another request. */
function repeatOf({ idempotency }: NewJob, stored: Item): Submitted {
  const { requestHash, jobId, body } = stored as { requestHash: string; jobId: string; body: string };
  if (requestHash === idempotency?.requestHash) return { outcome: 'repeated', jobId, body };
  throw new ConflictError(
    'idempotency_key_reused',
    `the idempotency key was used for another request (hash ${requestHash}, now ${idempotency?.requestHash})`,
  );
}
