/**
 * The tenant's window: a job is lent slots of it, and holds at most that many tasks on the queue or running (`live`). Slots move only
 * in transactions that write job and quota together, so their sum is always the quota's `lent`. Every open job is lent at least one,
 * so that one large job of a tenant does not hold up its later ones; the window can be overrun by as much.
 */
import { LimitError } from '../../errors.ts';
import type { Job } from '../../job/job.ts';
import { jobSourcesOf } from '../../job/lifecycle.ts';
import type { Limits } from '../../limits.ts';
import { SCHEMA_VERSION } from '../../names.ts';
import { jobKey, quotaKey } from '../table.ts';
import type { StoreContext } from './context.ts';
import { statusIn, type Update } from './expression.ts';
import { type Quota, quotaOf } from './items.ts';

/** Queued or running: what can still be given work, and be stopped. */
export const ACTIVE_STATUSES = jobSourcesOf('cancel');
export const ACTIVE = statusIn(ACTIVE_STATUSES);
/** Nobody else has released for, lent to or taken from the job since it was read. */
export const AS_READ = `${ACTIVE} AND #round = :round AND #next = :next AND #slots = :slots`;

/** How many of `wanted` slots can be lent to a job that has none, one at least; or that has some, perhaps none. */
export function slotsToLend(limits: Limits, quota: Quota, wanted: number, held = 0): number {
  const room = Math.max(0, limits.windowTasks - quota.lent);
  return Math.max(held === 0 ? 1 : 0, Math.min(wanted, room));
}

/** Moves a tenant's counters. More than one slot is lent only within the window as it is then; the first job over the quota is refused. */
export function changeQuota(
  tenant: string,
  change: { readonly jobs: number; readonly slots: number; readonly firstSlots?: boolean },
  limits: Limits,
): Update {
  const conditions: string[] = [];
  if (change.jobs > 0 && Number.isFinite(limits.quotaJobs))
    conditions.push('(attribute_not_exists(#activeJobs) OR #activeJobs < :quotaJobs)');
  if (change.slots > (change.firstSlots ? 1 : 0))
    conditions.push('(attribute_not_exists(#lent) OR #lent <= :lentBefore)');
  return {
    kind: 'update',
    key: quotaKey(tenant),
    ...(conditions.length === 0 ? {} : { when: conditions.join(' AND ') }),
    values: { quotaJobs: limits.quotaJobs, lentBefore: limits.windowTasks - change.slots },
    set: { schemaVersion: SCHEMA_VERSION },
    add: { activeJobs: change.jobs, lent: change.slots },
  };
}

export const isOverQuota = (limits: Limits, quota: Quota): boolean => quota.activeJobs >= limits.quotaJobs;

const QUOTA_RETRY_SECONDS = 60;
export const overQuota = ({ quotaJobs }: Limits): LimitError =>
  new LimitError(
    'quota_exceeded',
    `the tenant has ${quotaJobs} active jobs, as many as it may have`,
    QUOTA_RETRY_SECONDS,
  );

export const readQuota = async ({ db }: Pick<StoreContext, 'db'>, tenant: string): Promise<Quota> =>
  quotaOf(await db.get(quotaKey(tenant)));

/** 4. Lends the job what it still needs, as far as there is room. The job as it is then. */
export async function borrow(context: StoreContext, job: Job): Promise<Job | 'in vain' | 'lost race'> {
  const quota = await readQuota(context, job.tenant);
  const more = slotsToLend(context.limits, quota, job.openCount - job.slots, job.slots);
  if (more === 0) return 'in vain';
  return (await moveSlots(context, job, more)) ?? 'lost race';
}

/** 5. Takes back what the job will not need any more. The job as it is then; undefined when it has moved. */
export const giveBack = (context: StoreContext, job: Job): Promise<Job | undefined> =>
  moveSlots(context, job, job.live - job.slots);

async function moveSlots({ db, limits }: StoreContext, job: Job, change: number): Promise<Job | undefined> {
  const slots = job.slots + change;
  const { round, next } = job;
  const moved = await db.transact([
    {
      kind: 'update',
      key: jobKey(job.jobId),
      when: AS_READ,
      values: { round, next, slots: job.slots },
      set: { slots },
    },
    changeQuota(job.tenant, { jobs: 0, slots: change, firstSlots: job.slots === 0 }, limits),
  ]);
  return moved.ok ? { ...job, slots } : undefined;
}
