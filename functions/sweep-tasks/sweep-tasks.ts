/**
 * Makes up for whatever was lost: looks at each job whose time has come, repairs what it needs, puts messages on the queue again and
 * announces ends that nobody announced; and empties the dead-letter queues. Doing it twice changes nothing; what it does not reach now, the next run does.
 */
import { concurrently } from '#shared/concurrently.ts';
import type { Events } from '#shared/events.ts';
import { announce } from '#shared/job/flow.ts';
import type { JobStore } from '#shared/job/store.ts';
import { logger } from '#shared/observability/logger.ts';
import { record } from '#shared/observability/metrics.ts';
import type { TaskQueue } from '#shared/task/queue.ts';
import { type DeadLetterQueuesDeps, type Emptied, emptyDeadLetterQueues } from './dead-letter-queues.ts';

interface SweepJobsDeps {
  readonly jobs: Pick<JobStore, 'dueJobs' | 'sweepJob' | 'markAnnounced'>;
  readonly queue: Pick<TaskQueue, 'send'>;
  readonly events: Pick<Events, 'jobFinished'>;
}

export type SweepTasksDeps = SweepJobsDeps & DeadLetterQueuesDeps;

export interface SweptJobs {
  readonly jobs: number;
  readonly failed: number;
  readonly actions: Readonly<Record<string, number>>;
}

const PAGE = 100;
const AT_ONCE = 10;
/** Nothing new is begun with less time left: enough for what is under way to end. */
const RESERVE_MS = 15_000;

/** Throws only when the due jobs cannot be read. */
export async function sweepTasks(deps: SweepTasksDeps, remainingMs: () => number): Promise<SweptJobs & Emptied> {
  const swept = await sweepJobs(deps, remainingMs);
  return { ...swept, ...(await emptyDeadLetterQueues(deps, () => remainingMs() < RESERVE_MS)) };
}

/** A job that cannot be swept is logged, and due again soon. */
async function sweepJobs(deps: SweepJobsDeps, remainingMs: () => number): Promise<SweptJobs> {
  const actions: Record<string, number> = {};
  let jobs = 0;
  let failed = 0;
  for await (const done of concurrently(dueJobs(deps.jobs, remainingMs), AT_ONCE, (jobId) => sweepOne(deps, jobId))) {
    jobs += 1;
    if (done === undefined) failed += 1;
    for (const [name, count] of Object.entries(done ?? {})) actions[name] = (actions[name] ?? 0) + count;
  }
  if (failed > 0) record({ errors: failed }, { function: 'sweep-tasks' });
  const leasesExpired = (actions.lose ?? 0) + (actions.exhaust ?? 0);
  if (leasesExpired > 0) record({ leasesExpired });
  return { jobs, failed, actions };
}

/** Each due job once, until there are none or the time is nearly up. The index may still show those that were just swept. */
async function* dueJobs(jobs: SweepJobsDeps['jobs'], remainingMs: () => number): AsyncGenerator<string> {
  const seen = new Set<string>();
  for (;;) {
    const due = (await jobs.dueJobs(PAGE)).filter((jobId) => !seen.has(jobId));
    if (due.length === 0) return;
    for (const jobId of due) {
      if (remainingMs() < RESERVE_MS) return;
      seen.add(jobId);
      yield jobId;
    }
  }
}

/** What was done to the job; undefined when it failed. */
async function sweepOne(
  { jobs, queue, events }: SweepJobsDeps,
  jobId: string,
): Promise<Readonly<Record<string, number>> | undefined> {
  try {
    const { send, sendLater, finished, actions } = await jobs.sweepJob(jobId);
    if (send.length > 0) await queue.send(send);
    for (const { ref, delaySeconds } of sendLater) await queue.send([ref], delaySeconds);
    if (finished !== undefined) await announce({ jobs, events }, finished);
    return actions;
  } catch (error) {
    logger.error('a job could not be swept', { jobId, error: error as Error });
    return undefined;
  }
}
