/** 16. Retry: in a new round the job runs again what did not complete. Its tasks' records are reset when they are released. */
import { ConflictError, NotFoundError } from '../../errors.ts';
import type { Job } from '../../job/job.ts';
import { nextJobStatus } from '../../job/lifecycle.ts';
import type { RetryChange } from '../../job/store.ts';
import { isTerminal } from '../../status.ts';
import { epochMsOf, secondsAfter } from '../../time.ts';
import { checkShardOf } from '../table.ts';
import { daySpent, isDaySpent, refuseSpent } from './budget.ts';
import type { StoreContext } from './context.ts';
import { jobOf } from './items.ts';
import { readJob } from './records.ts';
import { changeQuota, overQuota } from './slots.ts';
import { nextCheckAt, transition } from './transition.ts';
import { reopenInTree } from './tree.ts';

export async function retry(context: StoreContext, jobId: string, by: string, change: RetryChange = {}): Promise<Job> {
  const { db, limits, now } = context;
  const job = await readJob(context, jobId);
  if (job === undefined) throw new NotFoundError('job_not_found', `there is no job ${jobId}`);
  const at = now();
  const again = jobAgain(job, at.toISOString(), change, context);
  refuseSpent(again, limits);
  if (await isDaySpent(context, job.tenant)) throw daySpent(context);
  const written = await db.transact([
    ...retryWrites(job, again, at, by),
    changeQuota(job.tenant, { jobs: 1, slots: 0 }, limits),
    ...reopenInTree(job),
  ]);
  if (written.ok) return again;
  const [ofJob, , , ofTree] = written.refusals;
  if (ofTree?.failed)
    throw new ConflictError('job_state', `job ${jobId} cannot be retried: all that belongs to it was cancelled`);
  if (!ofJob?.failed) throw overQuota(limits);
  // An earlier try of this call, or another caller's retry of the same round: either way it runs again.
  const found = jobOf(ofJob.old);
  if (found?.round === again.round && !isTerminal(found.status)) return found;
  throw new ConflictError(
    'job_state',
    `job ${jobId} has changed: it is ${found?.status ?? 'gone'} in round ${found?.round}`,
  );
}

/** The job in its next round. ConflictError for one that cannot be retried, or whose tasks would expire before its deadline. */
function jobAgain(job: Job, at: string, { window, maxCostNanoUsd }: RetryChange, { limits }: StoreContext): Job {
  const status = nextJobStatus(job.status, 'retry');
  const deadlineAt = secondsAfter(at, job.deadlineSeconds);
  if (epochMsOf(deadlineAt) > job.lastExpiryEpochSeconds * 1000)
    throw new ConflictError('job_state', 'the job is too old to be retried: its records expire before it could end');
  const { summary: _s, finishedAt: _f, expiresAtEpochSeconds: _e, stopAt: _t, opensAt: _o, ...rest } = job;
  const { followUpsDue: _d, signatureDue: _i, announcements: _a, notStarted: _n, ...kept } = rest;
  const { completed, failed, timedOut, cancelled } = job.ended;
  return {
    ...kept,
    status,
    round: job.round + 1,
    stopReason: 'none',
    deadlineAt,
    openCount: failed + timedOut + cancelled,
    ended: { completed, failed: 0, timedOut: 0, cancelled: 0 },
    partialFindings: 0,
    slots: 0,
    live: 0,
    next: 0,
    retryWindow: window ?? job.retryWindow,
    ...(maxCostNanoUsd === undefined ? {} : { maxCostNanoUsd }),
    checkAt: nextCheckAt(at, limits),
  };
}

function retryWrites(job: Job, again: Job, at: Date, by: string) {
  const { round, stopReason, deadlineAt, openCount, partialFindings, slots, live, next, checkAt } = again;
  const { retryWindow, maxCostNanoUsd } = again;
  return transition(job, {
    event: 'retry',
    to: again.status,
    at: at.toISOString(),
    by,
    why: 'retried by its caller',
    when: '#expiresAtEpochSeconds > :nowEpochSeconds',
    values: { nowEpochSeconds: Math.floor(at.getTime() / 1000) },
    set: {
      ...{ round, stopReason, deadlineAt, openCount, partialFindings, slots, live, next, checkAt },
      ...{ retryWindow, maxCostNanoUsd },
      ...{ nFailed: 0, nTimedOut: 0, nCancelled: 0 },
      checkShard: checkShardOf(job.jobId),
    },
    remove: [
      'summary',
      'finishedAt',
      'expiresAtEpochSeconds',
      'stopAt',
      'opensAt',
      'followUpsDue',
      'signatureDue',
      'announcements',
      'notStarted',
    ],
  });
}
