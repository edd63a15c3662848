/**
 * Cancels a job: what is queued never runs, what runs is stopped. Of a first job everything that follows from it too, and nothing more
 * starts. Asking again changes nothing and is answered the same. Where nothing ran, the cancel was the end: it is announced, and the
 * tenant's next tasks take the place.
 */
import { concurrently } from '#shared/concurrently.ts';
import type { cancelJobRoute } from '#shared/contracts/job.ts';
import { ConflictError } from '#shared/errors.ts';
import type { Events } from '#shared/events.ts';
import type { Results } from '#shared/finding/results.ts';
import { isSettled } from '#shared/follow-up/tree.ts';
import { announce, offerSlots } from '#shared/job/flow.ts';
import type { Job } from '#shared/job/job.ts';
import { readFollowed, readSpecOf, readVisibleJob, viewOf } from '#shared/job/records.ts';
import type { JobStore } from '#shared/job/store.ts';
import { logger } from '#shared/observability/logger.ts';
import { record } from '#shared/observability/metrics.ts';
import { isTerminal } from '#shared/status.ts';
import type { TaskQueue } from '#shared/task/queue.ts';
import type { HttpAnswer, HttpRequest } from '../middleware/http.ts';

export interface CancelJobDeps {
  readonly jobs: Pick<
    JobStore,
    'readJob' | 'readSpec' | 'readTree' | 'readJobs' | 'closeTree' | 'cancel' | 'markAnnounced' | 'releaseWaiting'
  >;
  readonly queue: Pick<TaskQueue, 'send'>;
  readonly results: Pick<Results, 'read'>;
  readonly events: Pick<Events, 'jobFinished'>;
}

/** Jobs of a tree that are cancelled at once. */
const AT_ONCE = 8;

/** ConflictError `job_state` when the job ended otherwise, and nothing that follows from it is open. */
export async function cancelJob(
  deps: CancelJobDeps,
  { caller, path }: HttpRequest<typeof cancelJobRoute>,
): Promise<HttpAnswer> {
  const { jobs, results } = deps;
  const before = await readVisibleJob(jobs, caller, path.jobId);
  const { whole } = await readFollowed(jobs, before);
  const isTree = whole !== undefined && (whole.tree.cancelRequestedAt !== undefined || !isSettled(whole));
  const job = isTree
    ? await cancelTree(deps, before, caller.principal)
    : await cancelOne(deps, before, caller.principal);
  const shown = { job, spec: await readSpecOf(jobs, job), ...(await readFollowed(jobs, job)) };
  return { status: 202, body: await viewOf(results, shown) };
}

async function cancelOne(deps: CancelJobDeps, before: Job, by: string): Promise<Job> {
  const job = await deps.jobs.cancel(before.jobId, by);
  if (isTerminal(job.status)) await moveOn(deps, before, job);
  return job;
}

/**
 * The tree is closed first: from then on no job joins it, so that the jobs read afterwards are all there are. Should this break off, the
 * sweeper cancels the rest within a minute. The first job as it is then.
 */
async function cancelTree(deps: CancelJobDeps, root: Job, by: string): Promise<Job> {
  const { jobs } = deps;
  const { jobId } = root;
  await jobs.closeTree(jobId, by);
  const tree = await jobs.readTree(jobId);
  const all = await jobs.readJobs([jobId, ...(tree?.children ?? []).map((child) => child.jobId)]);
  const open = all.filter(({ status }) => !isTerminal(status));
  for await (const _ of concurrently(open, AT_ONCE, (job) => cancelUnlessEnded(deps, job, by)));
  return (await jobs.readJob(jobId)) ?? root;
}

async function cancelUnlessEnded(deps: CancelJobDeps, job: Job, by: string): Promise<void> {
  try {
    await cancelOne(deps, job, by);
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
}

/** The cancel stands, whatever fails here: the sweeper makes up for it within a minute. */
async function moveOn(deps: CancelJobDeps, before: Job, ended: Job): Promise<void> {
  const [announced, offered] = await Promise.allSettled([announce(deps, ended), offerSlots(deps, before)]);
  if (offered.status === 'fulfilled') record({ tasksReleased: offered.value.length });
  for (const settled of [announced, offered])
    if (settled.status === 'rejected') {
      const { jobId, traceId } = ended;
      logger.warn('what follows a cancel is left to the sweeper', { jobId, traceId, error: settled.reason });
    }
}
