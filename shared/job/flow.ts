/**
 * What follows when a task or a job moves: messages for what may run next, the end of the job when nothing is left, its announcement.
 * Functions and workers share it. All of it can be done twice, and what is not done the sweeper does within a minute.
 */
import type { Events } from '../events.ts';
import { isTerminal } from '../status.ts';
import { workerOf } from '../task/claims.ts';
import type { TaskQueue } from '../task/queue.ts';
import type { Held, TaskRef } from '../task/task.ts';
import type { Job } from './job.ts';
import type { JobStore, TaskEnd } from './store.ts';

interface Deps {
  readonly jobs: JobStore;
  readonly queue: Pick<TaskQueue, 'send'>;
  readonly events: Pick<Events, 'jobFinished'>;
}

/** Puts on the queue what the job's slots allow. */
export async function releaseAndSend(
  { jobs, queue }: { readonly jobs: Pick<JobStore, 'readJob' | 'release'>; readonly queue: Deps['queue'] },
  jobId: string,
): Promise<void> {
  const job = await jobs.readJob(jobId);
  if (job === undefined) return;
  const released = await jobs.release(job);
  if (released.length > 0) await queue.send(released);
}

/**
 * Wakes workers up for a job's released tasks now instead of within a minute: their messages, and the event that starts more workers.
 * Gives the faults met, for the log: a caller whose job is stored need not hear of them.
 */
export async function giveHints(
  { queue, events }: { readonly queue: Deps['queue']; readonly events: Pick<Events, 'jobSubmitted'> },
  { jobId, tenant, traceId }: Pick<Job, 'jobId' | 'tenant' | 'traceId'>,
  released: readonly TaskRef[],
): Promise<readonly unknown[]> {
  const workerSizes = [...new Set(released.map(({ workerSize }) => workerSize))];
  const hints = await Promise.allSettled([
    released.length > 0 ? queue.send(released) : undefined,
    events.jobSubmitted({ jobId, tenant, traceId, workerSizes }),
  ]);
  return hints.flatMap((hint) => (hint.status === 'rejected' ? [hint.reason] : []));
}

/** Releases what a retried job may run, and wakes workers up for it. The retry stands: what fails here the sweeper does within a minute. */
export async function startAgain(
  { jobs, ...hints }: { readonly jobs: Pick<JobStore, 'release'> } & Parameters<typeof giveHints>[0],
  job: Job,
): Promise<{ readonly released: readonly TaskRef[]; readonly faults: readonly unknown[] }> {
  try {
    const released = await jobs.release(job);
    return { released, faults: await giveHints(hints, job, released) };
  } catch (error) {
    return { released: [], faults: [error] };
  }
}

type EndTaskDeps = Pick<Deps, 'queue' | 'events'> & {
  readonly jobs: Pick<
    JobStore,
    'finish' | 'unlockHosts' | 'readJob' | 'finalise' | 'release' | 'releaseWaiting' | 'markAnnounced'
  >;
};

/**
 * Ends a task that a worker holds: its record, its host locks, and then whatever its end makes possible. Rejects with the store's, queue's
 * or bus's UnavailableError; the same call again then goes on where it was.
 */
export async function endTask(
  deps: EndTaskDeps,
  held: Held,
  end: TaskEnd,
  addresses: readonly string[],
): Promise<'finished' | 'superseded'> {
  const finished = await deps.jobs.finish(held, end);
  await deps.jobs.unlockHosts(held, addresses);
  if (finished === 'finished') await moveOn(deps, held);
  return finished;
}

/** Who reads that no task is open ends the job; else the next tasks may go. The read comes after the write: of the last two, one sees 0. */
async function moveOn(deps: EndTaskDeps, { jobId, owner }: Held): Promise<void> {
  const { jobs, queue } = deps;
  const job = await jobs.readJob(jobId);
  if (job === undefined) return;
  const ended = await jobs.finalise(job, `worker/${workerOf(owner)}`);
  if (ended !== undefined) {
    await announce(deps, ended);
    await offerSlots(deps, job);
    return;
  }
  const released = await jobs.release(job, 'refill');
  if (released.length > 0) await queue.send(released);
}

/** Offers the slots of a job that has ended, as it was before, to its tenant's other jobs, and sends what that releases. */
export async function offerSlots(
  { jobs, queue }: { readonly jobs: Pick<JobStore, 'releaseWaiting'>; readonly queue: Deps['queue'] },
  { tenant, slots }: Pick<Job, 'tenant' | 'slots'>,
): Promise<readonly TaskRef[]> {
  const released = await jobs.releaseWaiting(tenant, slots);
  if (released.length > 0) await queue.send(released);
  return released;
}

/** Says that a job has ended; the sweeper says it again until the job's evidence is signed, which is the last of what follows. */
export async function announce(
  { jobs, events }: { readonly jobs: Pick<JobStore, 'markAnnounced'>; readonly events: Deps['events'] },
  job: Job,
): Promise<void> {
  const { jobId, tenant, traceId, status, round, summary, checkAt } = job;
  if (!isTerminal(status) || checkAt === undefined) return;
  await events.jobFinished({ jobId, tenant, traceId, status, verdict: summary?.verdict, round });
  await jobs.markAnnounced(job);
}
