/** A job's change of state: the update, and the record of it, in one transaction. */
import type { Job } from '../../job/job.ts';
import { JOB_EVENTS, type JobEvent } from '../../job/lifecycle.ts';
import type { Limits } from '../../limits.ts';
import type { Status } from '../../status.ts';
import { secondsAfter } from '../../time.ts';
import { jobKey, tenantStatusOf } from '../table.ts';
import type { Attributes, Put, Update } from './expression.ts';
import { putEvent } from './items.ts';

interface Transition {
  readonly event: JobEvent;
  readonly to: Status;
  readonly at: string;
  readonly by: string;
  readonly why: string;
  /** What else must hold, beyond the state and the round the job was read in. */
  readonly when?: string;
  readonly values?: Attributes;
  readonly set?: Attributes;
  readonly remove?: readonly string[];
}

/**
 * The update comes first. It holds only for the very state that was read, or the record of the transition would be wrong; and for the
 * round, since a retry between reading and writing makes it another job.
 */
export function transition(job: Job, change: Transition): [Update, Put] {
  const { event, to, at, by, why, when, values, set, remove } = change;
  const update: Update = {
    kind: 'update',
    key: jobKey(job.jobId),
    when: `#status = :from AND #round = :round${when === undefined ? '' : ` AND ${when}`}`,
    values: { ...values, from: job.status, round: job.round },
    set: { status: to, tenantStatus: tenantStatusOf(job.tenant, to), ...set },
    ...(remove === undefined ? {} : { remove }),
  };
  return [update, putEvent(job, { at, by, from: job.status, to, why }, placeOf(event, job.round))];
}

/** Of what happens to a job in one millisecond, what comes first: JOB_EVENTS names them in the order they have within a round. */
const placeOf = (event: JobEvent, round: number): number => round * JOB_EVENTS.length + JOB_EVENTS.indexOf(event);

/** A little less than the sweeper's interval, so that a job due at every turn misses none by being a moment early. */
export const nextCheckAt = (now: string, limits: Limits): string => secondsAfter(now, limits.sweepSeconds * 0.9);

const MAX_AGAIN_SECONDS = 16 * 60;

/** When to do again what was done `times` before and seems to have led to nothing: later and later, since most of it only takes its time. */
export const againAt = (now: Date, limits: Pick<Limits, 'sweepSeconds'>, times: number): string =>
  secondsAfter(now, Math.min(MAX_AGAIN_SECONDS, limits.sweepSeconds * 2 ** times));
