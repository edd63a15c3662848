/** What happened to a job, in order of time: its changes of state, and each time a worker held one of its tasks. */
import { isTerminal, type Status } from '../status.ts';
import type { Task } from '../task/task.ts';
import type { JobEventRecord } from './job.ts';
import type { Page } from './store.ts';

interface Happened {
  readonly at: string;
  /** A principal, `worker/<id>` or `sweep-tasks`. The end of a claim names the worker that had it, also where it was taken away. */
  readonly by: string;
  readonly why: string;
}

export type JobMoved = Happened & { readonly what: 'job_moved'; readonly from: Status | null; readonly to: Status };
export type TaskHeld = Happened & {
  readonly what: 'task_claimed' | 'claim_ended';
  readonly taskId: string;
  readonly attempt: number;
};
export type TimelineEvent = JobMoved | TaskHeld;

/** `events` in their order, which the clock alone does not always tell. A task keeps its last claims only: older ones are not shown. */
export function timelineOf(events: readonly JobEventRecord[], tasks: readonly Task[]): TimelineEvent[] {
  const moves = events.map(({ at, by, why, from, to }): JobMoved => ({ at, by, why, what: 'job_moved', from, to }));
  const claims = tasks.flatMap(claimsOf).sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)));
  const merged: TimelineEvent[] = [];
  for (const move of moves) {
    const later = claims.findIndex((claim) => !isBefore(claim, move));
    merged.push(...claims.splice(0, later === -1 ? claims.length : later), move);
  }
  return [...merged, ...claims];
}

/** Of what happens in one millisecond, a job's end comes last, and any other change of its state first. */
const isBefore = (claim: TaskHeld, move: JobMoved): boolean =>
  claim.at < move.at || (claim.at === move.at && isTerminal(move.to));

const claimsOf = ({ taskId, claims }: Task): TaskHeld[] =>
  claims.flatMap(({ attempt, worker, at, endedAt, why }): TaskHeld[] => {
    const held = { by: `worker/${worker}`, taskId, attempt };
    const claimed: TaskHeld = { at, ...held, what: 'task_claimed', why: 'received from the queue' };
    if (endedAt === undefined) return [claimed];
    return [claimed, { at: endedAt, ...held, what: 'claim_ended', why: why ?? 'unknown' }];
  });

/**
 * Up to `limit` events after the place `after`, which is `<at>#<how many of that instant>`: what happens later is later in the list, so that
 * a place stays where it is while the job goes on.
 */
export function timelinePage(events: readonly TimelineEvent[], limit: number, after?: string): Page<TimelineEvent> {
  const start = after === undefined ? 0 : indexAfter(events, after);
  const items = events.slice(start, start + limit);
  const last = items.at(-1);
  if (last === undefined || start + limit >= events.length) return { items };
  const ofInstant = events.slice(0, start + limit).filter(({ at }) => at === last.at).length;
  return { items, after: `${last.at}#${ofInstant}` };
}

function indexAfter(events: readonly TimelineEvent[], after: string): number {
  const [instant = '', count = ''] = after.split('#');
  const before = events.filter(({ at }) => at < instant).length;
  return Math.min(before + (Number(count) || 0), events.filter(({ at }) => at <= instant).length);
}
