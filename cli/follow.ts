/** Following a job to its end. */
import type { JobView } from '#shared/contracts/job.ts';
import { UnavailableError } from '#shared/errors.ts';
import { isTerminal } from '#shared/status.ts';
import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import type { Context } from './context.ts';
import { progressOf } from './job-view.ts';

/** A short job is seen to end at once; a long one costs a request each 5 s, and never waits over 5 % longer than it took. */
const [SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS, SHARE_OF_ELAPSED] = [250, 5_000, 0.05];
/** A service that restarts comes back well within this; after it, we give up (the job does not). */
const PATIENCE_MS = 120_000;

type FollowContext = Pick<Context, 'output' | 'signal' | 'now' | 'sleep'>;

/**
 * Asks for the job until it has ended, tells each change by `show`, and returns its end. An outage is waited out for two minutes;
 * then, and for any refusal, throws what the call threw.
 */
export async function follow(
  context: FollowContext,
  client: ApiClient,
  first: JobView,
  show: (job: JobView) => void,
): Promise<JobView> {
  const beganMs = context.now().getTime();
  let job = first;
  let seenMs = beganMs;
  show(job);
  while (!isTerminal(job.status)) {
    const nowMs = context.now().getTime();
    const pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, (nowMs - beganMs) * SHARE_OF_ELAPSED));
    await context.sleep(pauseMs, context.signal);
    try {
      const next = await client.call('getJob', { path: { jobId: job.jobId } }, context.signal);
      seenMs = context.now().getTime();
      if (JSON.stringify(next) !== JSON.stringify(job)) show(next);
      job = next;
    } catch (error) {
      if (!passes(error) || context.now().getTime() - seenMs > PATIENCE_MS) throw error;
    }
  }
  return job;
}

const passes = (error: unknown): boolean =>
  error instanceof UnavailableError || (error instanceof ApiError && error.retryable);

/** Follows with a progress line on stderr. A user who stops it is told that the job does not. */
export async function followWithProgress(context: FollowContext, client: ApiClient, first: JobView): Promise<JobView> {
  const display = context.output.progress();
  try {
    return await follow(context, client, first, (job) => display.show(progressOf(job)));
  } catch (error) {
    display.end();
    context.output.message(`Stopped following: the job goes on. To stop it: scanfleet cancel ${first.jobId}`);
    throw error;
  } finally {
    display.end();
  }
}
