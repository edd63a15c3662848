/** 13, 15. A job is stopped by its caller or its deadline: always through `cancelling`, so that a claim under way sees it. */
import { NotFoundError, UnavailableError } from '../../errors.ts';
import type { Job } from '../../job/job.ts';
import { nextJobStatus } from '../../job/lifecycle.ts';
import { isTerminal } from '../../status.ts';
import type { StoreContext } from './context.ts';
import { finalise } from './finalise.ts';
import { readJob } from './records.ts';
import { stopWalk } from './stop.ts';
import { transition } from './transition.ts';

const MAX_TRIES = 8;

/** 13, 14, 12. Asked again, it goes on where it was. */
export async function cancel(context: StoreContext, jobId: string, by: string): Promise<Job> {
  const job = await beginCancel(context, jobId, by);
  if (isTerminal(job.status)) return job;
  try {
    const walked = (await stopWalk(context, job)) ?? job;
    return (await finalise(context, walked, by)) ?? walked;
  } catch (error) {
    // The wish is stored: the rest is for the sweeper.
    if (error instanceof UnavailableError) return job;
    throw error;
  }
}

/** The job once it is cancelling, or was cancelled before. */
async function beginCancel(context: StoreContext, jobId: string, by: string): Promise<Job> {
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const job = await readJob(context, jobId);
    if (job === undefined) throw new NotFoundError('job_not_found', `there is no job ${jobId}`);
    if (job.status === 'cancelling' || job.status === 'cancelled') return job;
    const to = nextJobStatus(job.status, 'cancel');
    const at = context.now().toISOString();
    const set = { stopReason: 'cancel', stopAt: at, cancelRequestedAt: at, cancelRequestedBy: by } as const;
    const change = { event: 'cancel', to, at, by, why: 'cancelled by its caller', set } as const;
    if ((await context.db.transact(transition(job, change))).ok) return { ...job, ...set, status: to };
  }
  throw new UnavailableError('job_contended', `job ${jobId} changed under every try to cancel it`);
}

/** 15. The job as it is then; undefined when somebody else moved it. */
export async function expire({ db, now }: StoreContext, job: Job, by: string): Promise<Job | undefined> {
  const at = now().toISOString();
  const to = nextJobStatus(job.status, 'expire');
  const set = { stopReason: 'deadline', stopAt: at } as const;
  const expired = await db.transact(
    transition(job, {
      event: 'expire',
      to,
      at,
      by,
      why: 'its deadline has passed',
      when: '#deadlineAt <= :at',
      values: { at },
      set,
    }),
  );
  return expired.ok ? { ...job, ...set, status: to } : undefined;
}
