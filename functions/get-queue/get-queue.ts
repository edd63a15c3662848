/** What waits, what runs it and what was given up: of the caller's tenant, or for admins of all. */
import type { getQueueRoute, QueueView } from '#shared/contracts/queue.ts';
import { ForbiddenError } from '#shared/errors.ts';
import type { Job } from '#shared/job/job.ts';
import type { JobStore } from '#shared/job/store.ts';
import { WORKER_SIZES, type WorkerSize } from '#shared/scanner/definition.ts';
import { inRound } from '#shared/target/maintenance-window.ts';
import type { WorkerLauncher } from '#shared/task/launcher.ts';
import { statusInRound } from '#shared/task/lifecycle.ts';
import type { TaskQueue } from '#shared/task/queue.ts';
import { epochMsOf } from '#shared/time.ts';
import type { HttpAnswer, HttpRequest } from '../middleware/http.ts';

export interface GetQueueDeps {
  readonly jobs: Pick<JobStore, 'openJobs' | 'nextTasks' | 'listDeadLetters' | 'listUnreadable'>;
  readonly queue: Pick<TaskQueue, 'depth'>;
  readonly launcher: Pick<WorkerLauncher, 'list'>;
  readonly now: () => Date;
}

const MAX_NEXT_TASKS = 10;
/** Jobs whose tasks are looked at: one of them may have none that waits. */
const MAX_NEXT_JOBS = 10;
const MAX_DEAD_LETTERS = 100;

/** ForbiddenError `admins_only` for the fleet's. */
export async function getQueue(
  deps: GetQueueDeps,
  { caller, query: { scope } }: HttpRequest<typeof getQueueRoute>,
): Promise<HttpAnswer> {
  if (scope === 'fleet' && !caller.admin)
    throw new ForbiddenError('admins_only', 'the queue of the fleet is for admins');
  const ofFleet = scope === 'fleet';
  const { jobs, queue, launcher } = deps;
  const [open, dead, workers, queues] = await Promise.all([
    jobs.openJobs(ofFleet ? undefined : caller.tenant),
    ofFleet ? jobs.listUnreadable(MAX_DEAD_LETTERS) : jobs.listDeadLetters(caller.tenant, MAX_DEAD_LETTERS),
    bySize(async (size) => countWorkers(await launcher.list(size))),
    ofFleet ? bySize((size) => queue.depth(size)) : undefined,
  ]);
  const body: QueueView = {
    ...depthOf(open),
    ...ageOf(open, deps.now()),
    nextTasks: await nextTasks(deps, open),
    deadLetters: dead.items.length,
    workers,
    ...(queues === undefined ? {} : { queues }),
  };
  return { status: 200, body };
}

async function bySize<T>(look: (size: WorkerSize) => Promise<T>): Promise<Record<WorkerSize, T>> {
  const looked = await Promise.all(WORKER_SIZES.map(async (size) => [size, await look(size)] as const));
  return Object.fromEntries(looked) as Record<WorkerSize, T>;
}

const countWorkers = (workers: Awaited<ReturnType<WorkerLauncher['list']>>) => {
  const running = workers.filter(({ started }) => started).length;
  return { running, starting: workers.length - running };
};

function depthOf(open: readonly Job[]): Pick<QueueView, 'openJobs' | 'released' | 'waiting'> {
  const released = open.reduce((sum, { live }) => sum + live, 0);
  const unended = open.reduce((sum, { openCount }) => sum + openCount, 0);
  return { openJobs: open.length, released, waiting: unended - released };
}

function ageOf(open: readonly Job[], now: Date): Pick<QueueView, 'oldestCreatedAt' | 'oldestAgeSeconds'> {
  const [oldest] = open.map(({ createdAt }) => createdAt).sort();
  if (oldest === undefined) return {};
  const ageMs = Math.max(0, now.getTime() - epochMsOf(oldest));
  return { oldestCreatedAt: oldest, oldestAgeSeconds: Math.floor(ageMs / 1_000) };
}

/** In the order in which workers will find them, as far as that is known: job by job. */
async function nextTasks({ jobs }: Pick<GetQueueDeps, 'jobs'>, open: readonly Job[]): Promise<QueueView['nextTasks']> {
  const next: QueueView['nextTasks'] = [];
  for (const job of open.slice(0, MAX_NEXT_JOBS)) {
    if (next.length === MAX_NEXT_TASKS) break;
    for (const task of await jobs.nextTasks(job, MAX_NEXT_TASKS - next.length)) {
      const { jobId, taskId, scanner } = task;
      const status = statusInRound(task, job.round);
      const notBefore = (task.round === job.round ? task.notBefore : undefined) ?? inRound(task, job).window?.notBefore;
      next.push({ jobId, taskId, scanner, status, ...(notBefore === undefined ? {} : { notBefore }) });
    }
  }
  return next;
}
