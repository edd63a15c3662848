/** Records as they lie in the table. Everything is written here, so reading trusts the shape once the version was checked (database.ts). */
import { type Usage, usageIn } from '../../cost/usage.ts';
import type { Job, JobEventRecord, JobSpec, StoredSpec } from '../../job/job.ts';
import { targetsFitInSpec } from '../../job/job.ts';
import { SCHEMA_VERSION } from '../../names.ts';
import { workerOf } from '../../task/claims.ts';
import { taskSourcesOf } from '../../task/lifecycle.ts';
import type { Task, TaskRef } from '../../task/task.ts';
import { epochSecondsOf } from '../../time.ts';
import { checkShardOf, createdKeyOf, eventKey, jobKey, specKey, taskKey, tenantStatusOf } from '../table.ts';
import type { Item } from './database.ts';
import type { Attributes, Put } from './expression.ts';

/** A deleted job leaves this behind for a day: a submit that was under way cannot bring half of it back (protocol 18). */
export const DELETED = 'deleted';

/** Tasks outlive what they belong to by this: no job, however late its last retry, is read without them. */
const MARGIN_SECONDS = 25 * 3600;
/** When all but the job itself expires: the tasks, the spec, the events. Fixed at submit and never renewed. */
export const partsExpireAt = (job: Pick<Job, 'lastExpiryEpochSeconds'>): number =>
  job.lastExpiryEpochSeconds + MARGIN_SECONDS;

/** The tenant's two counters: open jobs, and slots of the window lent to them. */
export interface Quota {
  readonly activeJobs: number;
  readonly lent: number;
}
export const quotaOf = (item: Item | undefined): Quota => ({
  activeJobs: numberOr(item?.activeJobs, 0),
  lent: numberOr(item?.lent, 0),
});
const numberOr = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise);

/** Attributes that exist in the table alone. */
type Stored = { readonly pk: string; readonly sk: string; readonly schemaVersion: number };
type JobIndexKeys = { readonly tenantStatus: string; readonly createdKey: string; readonly checkShard?: string };
type EndCounters = Record<'nCompleted' | 'nFailed' | 'nTimedOut' | 'nCancelled', number>;
/** What jobs of an earlier version do not have yet. */
type Account = Pick<Job, keyof Usage | 'toldNanoUsd'>;
type JobItem = Stored & JobIndexKeys & EndCounters & Omit<Job, 'ended' | keyof Account> & Partial<Account>;

/** Counters are flat, because ADD does not reach into maps; each state's counter by name. */
export const COUNTER = {
  completed: 'nCompleted',
  failed: 'nFailed',
  timed_out: 'nTimedOut',
  cancelled: 'nCancelled',
} as const;

export function putJob({ ended, ...job }: Job): Put {
  const item: Omit<JobItem, 'pk' | 'sk'> = {
    schemaVersion: SCHEMA_VERSION,
    ...job,
    nCompleted: ended.completed,
    nFailed: ended.failed,
    nTimedOut: ended.timedOut,
    nCancelled: ended.cancelled,
    tenantStatus: tenantStatusOf(job.tenant, job.status),
    createdKey: createdKeyOf(job),
    checkShard: checkShardOf(job.jobId),
  };
  return { kind: 'put', key: jobKey(job.jobId), item, when: 'attribute_not_exists(#pk)' };
}

/** Undefined for what a deleted job left. */
export function jobOf(item: Item | undefined): Job | undefined {
  if (item === undefined || item.status === DELETED) return undefined;
  const {
    pk: _pk, sk: _sk, schemaVersion: _version, tenantStatus: _status, createdKey: _created, checkShard: _shard,
    nCompleted, nFailed, nTimedOut, nCancelled, toldNanoUsd = 0, ...job
  } = item as unknown as JobItem; // biome-ignore format: the dropped ones in one line
  return {
    ...job,
    ...usageIn(job),
    toldNanoUsd,
    ended: { completed: nCompleted, failed: nFailed, timedOut: nTimedOut, cancelled: nCancelled },
  };
}

export function putSpec(job: Job, { targets, ...spec }: JobSpec): Put {
  const stored: StoredSpec = {
    ...spec,
    targets: targetsFitInSpec(targets) ? targets : undefined,
    targetCount: targets.length,
  };
  return {
    kind: 'put',
    key: specKey(job.jobId),
    item: { schemaVersion: SCHEMA_VERSION, ...stored, expiresAtEpochSeconds: partsExpireAt(job) },
  };
}

export function specOf(item: Item): StoredSpec {
  const { scanners, description, labels, followUps, targets, targetCount } = item as unknown as StoredSpec;
  return {
    scanners,
    ...(description === undefined ? {} : { description }),
    labels,
    ...(followUps === undefined ? {} : { followUps }),
    targets,
    targetCount,
  };
}

type TaskItem = Stored & Task & { readonly expiresAtEpochSeconds: number };

export function putTask(task: Task, job: Job): Put {
  const item: Omit<TaskItem, 'pk' | 'sk'> = {
    schemaVersion: SCHEMA_VERSION,
    ...task,
    expiresAtEpochSeconds: partsExpireAt(job),
  };
  return { kind: 'put', key: taskKey(task.jobId, task.taskId), item, when: 'attribute_not_exists(#pk)' };
}

/** Stored are the claims that are over; the one that is not shows in the task's own attributes, so that a claim need not read before it writes. */
export function taskOf(item: Item): Task {
  const {
    pk: _pk,
    sk: _sk,
    schemaVersion: _version,
    expiresAtEpochSeconds: _expires,
    ...task
  } = item as unknown as TaskItem;
  const { attempt, leaseOwner, startedAt } = task;
  if (!isHeld(task) || leaseOwner === undefined || startedAt === undefined) return task;
  return { ...task, claims: [...task.claims, { attempt, worker: workerOf(leaseOwner), at: startedAt }] };
}

/** What a task counts from 0 on in every round, for the statistics and for its job's account. */
export const COUNTED_IN_ROUND = [
  'hostBusy',
  'leasesLost',
  'workerMs',
  'storedBytes',
  'costNanoUsd',
] as const satisfies readonly (keyof Task)[];

/** States in which a worker has the task. */
export const HELD_STATUSES = taskSourcesOf('stop');
export const isHeld = ({ status }: Pick<Task, 'status'>): boolean => HELD_STATUSES.includes(status);

/** What a message on the queue says of a task. */
export const refOf = ({ jobId, taskId, tenant, workerSize }: Task): TaskRef => ({ jobId, taskId, tenant, workerSize });

export function putEvent(job: Job, event: JobEventRecord, n: number): Put {
  return {
    kind: 'put',
    key: eventKey(job.jobId, event.at, n),
    item: { schemaVersion: SCHEMA_VERSION, ...event, expiresAtEpochSeconds: partsExpireAt(job) },
  };
}

export function eventOf(item: Item): JobEventRecord {
  const { at, by, from, to, why } = item as unknown as JobEventRecord;
  return { at, by, from, to, why };
}

/** Of an item that lives for `seconds` from now on. */
export const expiryIn = (now: Date, seconds: number): Attributes => ({
  expiresAtEpochSeconds: epochSecondsOf(now) + Math.ceil(seconds),
});
