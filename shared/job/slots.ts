/**
 * What to do with a job's slots. `slots` of the tenant's window are lent to it; `live` of them are used by tasks on the queue or held;
 * `openCount - live` tasks wait to be released. They are in order of their maintenance windows: while the next one's has not opened
 * (`opensAt`), none of them can go, and the job wants no slots for them. Nor can any once the job has spent what it may.
 */
import { isSpent } from '../cost/budget.ts';
import { type Job, PRIORITIES } from './job.ts';

type Counts = Pick<Job, 'openCount' | 'live' | 'slots' | 'opensAt' | 'costNanoUsd' | 'maxCostNanoUsd'>;

const free = ({ slots, live }: Counts): number => slots - live;
const waiting = (job: Counts, now: string): number =>
  (job.opensAt ?? '') > now || isSpent(job) ? 0 : job.openCount - job.live;

export type SlotStep = 'release' | 'borrow' | 'give_back' | 'nothing';

/** `refill`, for who has just ended one task: only once a handful of slots are free, and never more slots than there are. */
export type ReleaseMode = 'now' | 'refill';

const HANDFUL = 10;

export function nextSlotStep(job: Counts, mode: ReleaseMode, now: string): SlotStep {
  if (mode === 'refill' && free(job) < Math.min(HANDFUL, Math.ceil(job.slots / 2), waiting(job, now) || HANDFUL))
    return 'nothing';
  if (waiting(job, now) === 0) return free(job) > 0 ? 'give_back' : 'nothing';
  if (free(job) > 0) return 'release';
  return mode === 'now' ? 'borrow' : 'nothing';
}

/** Whether the job could use slots it has not got. */
export const wantsSlots = (job: Counts, now: string): boolean => job.live + waiting(job, now) > job.slots;

/** High priority first, then the oldest. */
export const inOrderOfRelease = (a: Job, b: Job): number =>
  PRIORITIES.indexOf(a.priority) - PRIORITIES.indexOf(b.priority) || (a.createdAt < b.createdAt ? -1 : 1);
