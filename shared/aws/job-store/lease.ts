/** 9, 10. A worker keeps its task, or puts it back. */
import type { Usage } from '../../cost/usage.ts';
import type { PutBackReason } from '../../job/store.ts';
import type { Limits } from '../../limits.ts';
import { endClaim } from '../../task/claims.ts';
import { taskSourcesOf } from '../../task/lifecycle.ts';
import { OUT_OF_MEMORY, sizeNeededAfter } from '../../task/next-try.ts';
import type { Held, Progress, TaskError } from '../../task/task.ts';
import { secondsAfter } from '../../time.ts';
import { taskKey } from '../table.ts';
import type { StoreContext } from './context.ts';
import { type Attributes, statusIn, type Update } from './expression.ts';
import { HELD_STATUSES } from './items.ts';
import { releasedAt } from './release.ts';

/** Whose write this is: the worker's that holds the task by this very claim. */
export const BY_HOLDER = '#leaseOwner = :owner AND #attempt = :attempt';
export const HELD = statusIn(HELD_STATUSES);

/** 9. Undefined: the lease is lost. A heartbeat that comes late never shortens a lease. */
export async function heartbeat(
  { db, limits, now }: StoreContext,
  held: Held,
  progress?: Progress,
): Promise<string | undefined> {
  const until = secondsAfter(now(), limits.leaseSeconds);
  const renewed = await db.write({
    kind: 'update',
    key: taskKey(held.jobId, held.taskId),
    when: `${BY_HOLDER} AND ${HELD} AND #leaseExpiresAt <= :until`,
    values: { owner: held.owner, attempt: held.attempt, until },
    set: { leaseExpiresAt: until, checkAt: until, progress },
  });
  return renewed.ok ? until : undefined;
}

/** What becomes of a task that goes back to the queue: it waits until `notBefore`, and no worker has it. `known`: what its last run left. */
export const onQueueAgain = (notBefore: string, limits: Limits, known: Attributes): Pick<Update, 'set' | 'remove'> => ({
  set: { ...releasedAt(notBefore, limits), status: 'queued', ...known },
  remove: ['leaseOwner', 'leaseExpiresAt', 'startedAt', 'progress'],
});

/** 10. Only what failed counts as a failure; and a claim that only met a busy host leaves no trace in the list. */
export async function putBack(
  { db, limits, now }: StoreContext,
  held: Held,
  reason: PutBackReason,
  delaySeconds: number,
  error?: TaskError,
  used?: Usage,
): Promise<'queued' | 'stopping' | 'lost'> {
  const at = now().toISOString();
  const notBefore = secondsAfter(at, delaySeconds);
  const put = await db.write({
    kind: 'update',
    key: taskKey(held.jobId, held.taskId),
    when: `${BY_HOLDER} AND ${statusIn(taskSourcesOf('release'))}`,
    values: { owner: held.owner, attempt: held.attempt },
    ...onQueueAgain(notBefore, limits, {
      error,
      workerSize: sizeNeededAfter(error),
      claims: reason === 'host_busy' ? undefined : endClaim(held.claims, at, whyOf(reason, error)),
    }),
    add: { ...COUNTED[reason], ...used },
  });
  if (put.ok || wasPutBack(put.old, held, notBefore)) return 'queued';
  return put.old?.leaseOwner === held.owner && put.old.status === 'cancelling' ? 'stopping' : 'lost';
}

const COUNTED: Readonly<Record<PutBackReason, Readonly<Record<string, number>>>> = {
  shutdown: {},
  host_busy: { hostBusy: 1 },
  transient_failure: { failures: 1 },
};

/** Where the task moves to another size of worker, its history says for what. */
const whyOf = (reason: PutBackReason, error: TaskError | undefined): string =>
  error?.code === OUT_OF_MEMORY ? error.code : reason;

/** An earlier try of this very call went through: nobody else puts that time. */
const wasPutBack = (
  old: Readonly<Record<string, unknown>> | undefined,
  { attempt }: Held,
  notBefore: string,
): boolean => old?.status === 'queued' && old.attempt === attempt && old.notBefore === notBefore;
