/** Following a job to its end. */
import type { JobView } from '#shared/contracts/job.ts';
import { UnavailableError } from '#shared/errors.ts';
import { HEADERS } from '#shared/names.ts';
import { isTerminal } from '#shared/status.ts';
import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import type { Context } from './context.ts';
import { progressOf } from './job-view.ts';

/** A job that ends sooner is seen to end at once by asking often; a longer one is watched, which tells more and costs a request a minute. */
const WATCH_AFTER_MS = 3_000;
/** Where it cannot be watched: a long one costs a request each 5 s, and never waits over 5 % longer than it took. */
const [SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS, SHARE_OF_ELAPSED] = [250, 5_000, 0.05];
/** A service that restarts comes back well within this; after it, we give up (the job does not). */
const PATIENCE_MS = 120_000;

type FollowContext = Pick<Context, 'output' | 'signal' | 'now' | 'sleep'>;

/**
 * Follows the job, and what follows from it, until all have ended, tells each change by `show`, and returns its end. An outage is waited out for two minutes; then,
 * and for any refusal, throws what the call threw. Whatever is wrong with watching alone ends that, and the job is asked for instead.
 */
export async function follow(
  { signal, now, sleep }: FollowContext,
  client: ApiClient,
  first: JobView,
  show: (job: JobView) => void,
): Promise<JobView> {
  const path = { jobId: first.jobId };
  const beganMs = now().getTime();
  const seen = { job: first, atMs: beganMs };
  const see = (job: JobView) => {
    if (JSON.stringify(job) !== JSON.stringify(seen.job)) show(job);
    Object.assign(seen, { job, atMs: now().getTime() });
  };
  const ask = async () => see(await client.call('getJob', { path }, signal));
  const watch = watcher(client, path, see);
  const isHopeless = (error: unknown) => !passes(error) || now().getTime() - seen.atMs > PATIENCE_MS;
  show(first);
  while (!isOver(seen.job)) {
    const elapsedMs = now().getTime() - beganMs;
    const isWatched = watch.isDue(seen.job, elapsedMs);
    await sleep(isWatched ? SHORTEST_PAUSE_MS : pauseMs(elapsedMs), signal);
    try {
      await (isWatched ? watch.once(signal) : ask());
      seen.atMs = now().getTime();
    } catch (error) {
      const isToBeAsked = isWatched && !watch.isDue(seen.job, elapsedMs);
      if (!isToBeAsked && isHopeless(error)) throw error;
    }
  }
  return seen.job;
}

/** Of a first job: once nothing more follows from it either. What is told of it by watching leaves that out. */
const isOver = ({ jobId, rootJobId, status, followUps }: JobView): boolean =>
  isTerminal(status) && (rootJobId !== jobId || followUps?.settled === true);

const pauseMs = (elapsedMs: number): number =>
  Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, elapsedMs * SHARE_OF_ELAPSED));

/**
 * Watches the job for as long as one answer lasts, from where the last one ended. What cannot begin is not tried again: an older service
 * knows no such route, a proxy may hold the stream back.
 */
function watcher(client: ApiClient, path: { readonly jobId: string }, see: (job: JobView) => void) {
  let isOffered = true;
  let lastId: string | undefined;
  return {
    isDue: ({ status }: JobView, elapsedMs: number) => isOffered && !isTerminal(status) && elapsedMs >= WATCH_AFTER_MS,
    async once(signal: AbortSignal): Promise<void> {
      isOffered = false;
      const headers: Record<string, string> = lastId === undefined ? {} : { [HEADERS.lastEventId]: lastId };
      const watched = await client.watchJob({ path, headers }, signal);
      try {
        for await (const { id, job } of watched) {
          lastId = id;
          see(job);
        }
        isOffered = true;
      } catch (error) {
        isOffered = passes(error);
        throw error;
      }
    },
  };
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
