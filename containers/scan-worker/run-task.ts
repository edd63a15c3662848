/** One message from the queue to its end: claim, work under the lease, finish or put back (protocol operations 6 to 11). */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TaskMessage } from '#shared/contracts/events.ts';
import { usageOf } from '#shared/cost/usage.ts';
import type { ClaimedTask } from '#shared/job/store.ts';
import type { ReceivedMessage } from '#shared/task/queue.ts';
import { attemptTask } from './attempt.ts';
import type { WorkerDeps } from './deps.ts';
import { endingOf } from './ending.ts';
import { keepLease } from './heartbeat.ts';
import { logWith } from './log.ts';
import { settle } from './settle.ts';
import { createStop } from './stop.ts';
import { taskErrorOf } from './task-error.ts';
import type { TaskInHand } from './task-in-hand.ts';
import { taskProgress } from './task-progress.ts';
import { traceTask } from './task-trace.ts';

/**
 * Never rejects for what goes wrong with a claimed task. Rejects (and leaves the message, which SQS shows again) when the claim could not
 * be decided. A message that cannot be read, or names no task, is left too: SQS moves it to the dead letters, where it can be looked at.
 */
export async function runMessage(deps: WorkerDeps, message: ReceivedMessage, shutdown: AbortSignal): Promise<void> {
  const ref = readMessage(message.body);
  if (ref === undefined) {
    deps.log.error('unreadable message left to the dead letters', { receiveCount: message.receiveCount });
    return;
  }
  const claimedAtMs = deps.clock.monotonicMs();
  const claimed = await deps.jobs.claim({ ...ref, workerSize: deps.size }, deps.worker);
  if (claimed === undefined && (await deps.jobs.readTask(ref.jobId, ref.taskId)) === undefined) {
    deps.log.error('message of an unknown task left to the dead letters', { ...ref });
    return;
  }
  await deps.queue.remove(deps.size, message.receipt).catch((error: unknown) => {
    // It comes again, finds its task claimed, and is removed then.
    deps.log.warn('message not removed', { ...ref, error });
  });
  if (claimed !== undefined) await runClaimed(deps, claimed, claimedAtMs, shutdown);
}

function readMessage(body: string): TaskMessage | undefined {
  try {
    return TaskMessage.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}

/** Never rejects: what cannot be ended properly is left to the sweeper, which sees the lease run out. */
async function runClaimed(
  deps: WorkerDeps,
  claimed: ClaimedTask,
  claimedAtMs: number,
  shutdown: AbortSignal,
): Promise<void> {
  const { jobId, taskId, attempt, scanner } = claimed.task;
  const log = logWith(deps.log, { jobId, taskId, attempt });
  log.info('task claimed', { scanner });
  deps.record({ tasksClaimed: 1 }, { scanner });
  const ended = new AbortController();
  const done = ended.signal;
  const stop = createStop();
  const share = deps.time.begin();
  const used = (storedBytes: number) => {
    const heldMs = deps.clock.monotonicMs() - claimedAtMs;
    return usageOf({ workerSize: deps.size, workerMs: share.readMs(), heldMs, storedBytes }, deps.limits);
  };
  const progress = taskProgress();
  const trace = traceTask(claimed.task, deps.clock.now);
  const lease = keepLease({ ...deps, log }, claimed.held, claimedAtMs, progress.latest, done);
  onAbort(lease.lost, done, () => stop.now('lease_lost'));
  onAbort(shutdown, done, () => stop.now('shutdown'));
  try {
    await inPrivateDirectory(deps.temporary, (directory) =>
      work(deps, { ...claimed, lease, stop, progress, trace, directory, shutdown, done, log, used }),
    );
  } catch (error) {
    log.error('task left to the sweeper', { error });
  } finally {
    share.end();
    ended.abort();
    const segment = trace.end();
    if (segment !== undefined)
      void deps.traces.send(segment).catch((error: unknown) => log.warn('trace not sent', { error }));
  }
}

async function work(deps: WorkerDeps, inHand: TaskInHand): Promise<void> {
  const attempted = await attemptTask(deps, inHand).catch((error: unknown) => {
    inHand.log.error('attempt failed', { error });
    // The unforeseen is tried again: another worker may have what this one lacks.
    const outcome = { ok: false, error: taskErrorOf('worker_error', error) } as const;
    return { ending: endingOf(outcome, inHand.task, deps.limits, deps.random) };
  });
  inHand.trace.endsAs(attempted.ending);
  await settle(deps, inHand, attempted);
}

async function inPrivateDirectory(parent: string, use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(parent, 'scanfleet-scan-'));
  try {
    await use(directory);
  } finally {
    // A browser that was just killed may still be writing as its folder goes: up to 5 s are waited for that (rm's linear back-off).
    await rm(directory, { recursive: true, force: true, maxRetries: 10 });
  }
}

/** Calls `act` when `signal` is aborted (at once if it is already), unless `done` came first. */
function onAbort(signal: AbortSignal, done: AbortSignal, act: () => void): void {
  if (signal.aborted) act();
  else signal.addEventListener('abort', act, { once: true, signal: done });
}
