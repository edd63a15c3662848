/** Carries out how an attempt ends: results to S3, then one write that moves the task, then whoever must be told. */
import { endTask } from '#shared/job/flow.ts';
import type { TaskEnd } from '#shared/job/store.ts';
import { sizeNeededAfter } from '#shared/task/next-try.ts';
import type { TaskResult } from '#shared/task/task.ts';
import type { Attempted } from './attempt.ts';
import type { WorkerDeps } from './deps.ts';
import { type Ending, endingOf, endingOfStop, endingUnder } from './ending.ts';
import { retry } from './retry.ts';
import { taskErrorOf } from './task-error.ts';
import type { TaskInHand } from './task-in-hand.ts';
import { upload } from './upload.ts';

/** Rejects when the store does not answer: the lease then runs out, and the sweeper decides. */
export async function settle(deps: WorkerDeps, inHand: TaskInHand, attempted: Attempted): Promise<void> {
  const { ending } = attempted;
  if (ending.do === 'put_back') return putBack(deps, inHand, attempted, ending);
  if (ending.do === 'finish') return finish(deps, inHand, attempted, ending.end);
  deps.record({ leasesLost: 1 }, { scanner: inHand.task.scanner });
  inHand.log.warn('task dropped: it is not ours any more');
}

async function putBack(
  deps: WorkerDeps,
  inHand: TaskInHand,
  attempted: Attempted,
  { reason, delaySeconds, error }: Extract<Ending, { do: 'put_back' }>,
): Promise<void> {
  const { held, task, log } = inHand;
  const answer = await deps.jobs.putBack(held, reason, delaySeconds, error, inHand.used(0));
  log.info('task put back', { reason, answer, delaySeconds, error });
  if (answer === 'lost') return;
  if (answer === 'stopping') {
    const job = await deps.jobs.readJob(task.jobId);
    if (job !== undefined) await settle(deps, inHand, { ...attempted, ending: endingUnder(job) });
    return;
  }
  await deps.jobs.unlockHosts(held, attempted.locked ?? []);
  const { jobId, taskId, tenant } = task;
  const workerSize = sizeNeededAfter(error) ?? task.workerSize;
  await deps.queue.send([{ jobId, taskId, tenant, workerSize }], delaySeconds).catch((cause: unknown) => {
    log.warn('message not sent; the sweeper will', { error: cause });
  });
}

async function finish(deps: WorkerDeps, inHand: TaskInHand, attempted: Attempted, end: TaskEnd): Promise<void> {
  const { task, held, lease, trace, shutdown, log } = inHand;
  const giveUp = AbortSignal.any([lease.lost, shutdown]);
  const retrying = { ...deps, log };
  const { found } = attempted;
  const stored = countingWrites(deps.results);
  let result: TaskResult | undefined;
  if (found) {
    try {
      result = await trace.during('upload', () => upload({ ...retrying, results: stored }, { task, ...found }, giveUp));
    } catch (error) {
      log.error('results not uploaded', { error });
      const ending = endingWithoutUpload(deps, inHand, end, error);
      return settle(deps, inHand, { ...attempted, found: undefined, ending });
    }
  }
  if (!lease.isHeld()) return settle(deps, inHand, { ending: { do: 'nothing' } });
  const complete = { ...end, ...(result === undefined ? {} : { result }), used: inHand.used(stored.bytes()) };
  const answer = await trace.during('finish', () =>
    retry(retrying, 'finish', giveUp, () => endTask(deps, held, complete, attempted.locked ?? [])),
  );
  if (answer === 'superseded') return settle(deps, inHand, { ending: { do: 'nothing' } });
  deps.record({ tasksEnded: 1 }, { scanner: task.scanner, status: end.status });
  log.info('task ended', { status: end.status, findings: result?.findings, error: end.error });
}

/** What goes into the bucket, and how much it was. */
function countingWrites(results: WorkerDeps['results']): Pick<WorkerDeps['results'], 'write'> & { bytes(): number } {
  let bytes = 0;
  return {
    bytes: () => bytes,
    async write(...args) {
      const stored = await results.write(...args);
      bytes += stored.bytes;
      return stored;
    },
  };
}

/** A completed scan is worth another attempt; what ended otherwise ends so without its partial result. */
function endingWithoutUpload(
  deps: WorkerDeps,
  { task, lease, shutdown }: TaskInHand,
  end: TaskEnd,
  cause: unknown,
): Ending {
  if (lease.lost.aborted) return endingOfStop('lease_lost');
  if (shutdown.aborted) return endingOfStop('shutdown');
  if (end.status !== 'completed') return { do: 'finish', end };
  const error = taskErrorOf('upload_failed', cause);
  return endingOf({ ok: false, error: { ...error, retryable: true } }, task, deps.limits, deps.random);
}
