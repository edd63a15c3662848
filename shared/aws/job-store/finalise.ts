/** 12. The end of a job, by whoever reads that no task is open: outcome, summary, quota, statistics and the record of it in one transaction. */
import { summarise } from '../../finding/coverage.ts';
import type { Job } from '../../job/job.ts';
import { nextJobStatus, outcomeOf } from '../../job/lifecycle.ts';
import { isTerminal, TERMINAL_STATUSES } from '../../status.ts';
import { epochSecondsOf } from '../../time.ts';
import { jobKey } from '../table.ts';
import { tellDay } from './budget.ts';
import type { StoreContext } from './context.ts';
import { statusIn } from './expression.ts';
import { readJob, readTasks } from './records.ts';
import { changeQuota } from './slots.ts';
import { countRound } from './stats.ts';
import { againAt, transition } from './transition.ts';

const MAX_TRIES = 5;

/** The terminal job, whoever finalised it; undefined while tasks are open. */
export async function finalise(context: StoreContext, job: Job, by: string): Promise<Job | undefined> {
  let current: Job | undefined = job;
  for (let tries = 1; tries <= MAX_TRIES && current !== undefined; tries += 1) {
    if (isTerminal(current.status)) return current;
    if (current.openCount > 0) return undefined;
    const ended = await tryToFinalise(context, current, by);
    if (ended !== undefined) return ended;
    current = await readJob(context, job.jobId);
  }
  return current !== undefined && isTerminal(current.status) ? current : undefined;
}

async function tryToFinalise(context: StoreContext, job: Job, by: string): Promise<Job | undefined> {
  const at = context.now().toISOString();
  // No task is open, so none can change before the next retry, which would raise the round and so refuse what follows.
  const tasks = await readTasks(context, job.jobId);
  const telling = tellDay(context, job);
  const status = nextJobStatus(job.status, 'finalise', outcomeOf(job.stopReason, job.ended));
  const set = {
    summary: summarise(tasks.map((task) => ({ ...task, targetCount: task.slice.count }))),
    finishedAt: at,
    expiresAtEpochSeconds: Math.min(
      epochSecondsOf(at) + Math.ceil(context.limits.retentionSeconds),
      job.lastExpiryEpochSeconds,
    ),
    slots: 0,
    live: 0,
    // What a cancelled job found starts nothing.
    followUpsDue: job.rootJobId === undefined || status === 'cancelled' ? undefined : (true as const),
    signatureDue: true as const,
    // Due at once: until its end is announced and its evidence signed the job stays in the index.
    checkAt: at,
    ...telling?.set,
  };
  const written = await context.db.transact([
    ...transition(job, {
      event: 'finalise',
      to: status,
      at,
      by,
      why: WHY[job.stopReason],
      when: `#openCount = :zero AND #slots = :slots${telling?.when ?? ''}`,
      values: { zero: 0, slots: job.slots, ...telling?.values },
      set,
    }),
    changeQuota(job.tenant, { jobs: -1, slots: -job.slots }, context.limits),
    ...countRound(job, tasks, at),
    ...(telling === undefined ? [] : [telling.day]),
  ]);
  return written.ok ? { ...job, ...set, status } : undefined;
}

const WHY = {
  none: 'every task has ended',
  cancel: 'every task has ended after a cancel',
  deadline: 'every task has ended after the deadline',
} as const;

const IN_ROUND = `${statusIn(TERMINAL_STATUSES)} AND #round = :round`;
const FOLLOWED = 'attribute_not_exists(#followUpsDue)';
const SIGNED = 'attribute_not_exists(#signatureDue)';
const OUT_OF_INDEX = ['checkShard', 'checkAt', 'announcements'];

/**
 * The job leaves the index of open jobs, once nothing follows from it any more and its evidence is signed. Where the signature alone is
 * missing, its end is announced later and later. Refused when it was retried or deleted meanwhile, which is as good.
 */
export async function markAnnounced({ db, limits, now }: StoreContext, job: Job): Promise<void> {
  const { jobId, round, announcements = 0 } = job;
  const of = { kind: 'update', key: jobKey(jobId), values: { round } } as const;
  const waits = await db.write({
    ...of,
    when: `${IN_ROUND} AND ${FOLLOWED} AND attribute_exists(#signatureDue)`,
    set: { checkAt: againAt(now(), limits, announcements) },
    add: { announcements: 1 },
  });
  if (!waits.ok) await db.write({ ...of, when: `${IN_ROUND} AND ${FOLLOWED} AND ${SIGNED}`, remove: OUT_OF_INDEX });
}

/** It leaves the index likewise; where something follows from it still, the announcement after that takes it out. */
export async function markSigned({ db }: StoreContext, { jobId, round }: Pick<Job, 'jobId' | 'round'>): Promise<void> {
  const of = { kind: 'update', key: jobKey(jobId), values: { round } } as const;
  const left = await db.write({
    ...of,
    when: `${IN_ROUND} AND ${FOLLOWED}`,
    remove: ['signatureDue', ...OUT_OF_INDEX],
  });
  if (!left.ok) await db.write({ ...of, when: IN_ROUND, remove: ['signatureDue'] });
}
