/**
 * Starts as many workers as the queues need. It runs at every submit and every minute, and so may run several times at once: each worker
 * to be started has its own client token, made from what was seen running, so that two runs that saw the same start it once.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { LimitError } from '#shared/errors.ts';
import type { Limits } from '#shared/limits.ts';
import { record } from '#shared/observability/metrics.ts';
import { WORKER_SIZES, type WorkerSize } from '#shared/scanner/definition.ts';
import type { WorkerLauncher } from '#shared/task/launcher.ts';
import type { TaskQueue } from '#shared/task/queue.ts';

/** The detail of JobSubmitted; a schedule's, which names no sizes, asks for all. */
export const DispatchDetail = z.object({ workerSizes: z.array(z.enum(WORKER_SIZES)).optional() });
export type DispatchDetail = z.output<typeof DispatchDetail>;

export interface DispatchWorkersDeps {
  readonly queue: Pick<TaskQueue, 'depth'>;
  readonly launcher: WorkerLauncher;
  readonly limits: Pick<Limits, 'workerSlots' | 'maxWorkers'>;
  readonly now: () => Date;
}

export interface Dispatched {
  readonly running: number;
  readonly wanted: number;
  readonly started: number;
  readonly failures: readonly string[];
  readonly throttled: boolean;
}

/** RunTask takes a burst of 100 calls and 20 a second after it ("Amazon ECS service quotas"): the rest can wait a minute. */
const MAX_LAUNCHES = 50;
/** How long a worker that was asked for may be missing from ECS's list before it is asked for again. */
const TOKEN_SECONDS = 10;

export async function dispatchWorkers(
  deps: DispatchWorkersDeps,
  { workerSizes }: DispatchDetail,
): Promise<Partial<Record<WorkerSize, Dispatched>>> {
  const sizes = workerSizes ?? WORKER_SIZES;
  const hinted = workerSizes !== undefined;
  return Object.fromEntries(
    await Promise.all(sizes.map(async (size) => [size, await dispatch(deps, size, hinted)] as const)),
  );
}

/** `hinted`: a task was just sent to this size's queue, which the queue's approximate depth may not show yet. */
async function dispatch(
  { queue, launcher, limits, now }: DispatchWorkersDeps,
  size: WorkerSize,
  hinted: boolean,
): Promise<Dispatched> {
  const [{ visible, inFlight }, running] = await Promise.all([queue.depth(size), launcher.list(size)]);
  const tasks = Math.max(visible + inFlight, hinted ? 1 : 0);
  const wanted = Math.min(limits.maxWorkers, Math.ceil(tasks / slotsOf(size, limits)));
  const missing = Math.min(MAX_LAUNCHES, Math.max(0, wanted - running.length));
  const seen = [size, Math.floor(now().getTime() / 1000 / TOKEN_SECONDS), ...[...running].sort()];
  const launched = await launchEach(
    launcher,
    size,
    Array.from({ length: missing }, (_, n) => tokenOf([...seen, n])),
  );
  record({ workersLaunched: launched.started, launchFailures: launched.failures.length }, { workerSize: size });
  return { running: running.length, wanted, ...launched };
}

/** A large worker's scanner takes all of it. */
const slotsOf = (size: WorkerSize, { workerSlots }: Pick<Limits, 'workerSlots'>): number =>
  size === 'large' ? 1 : workerSlots;

/** 32 characters: a client token has at most 64 (ECS API reference, RunTask). */
const tokenOf = (parts: readonly (string | number)[]): string =>
  createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 32);

async function launchEach(launcher: WorkerLauncher, size: WorkerSize, tokens: readonly string[]) {
  const failures: string[] = [];
  let started = 0;
  for (const token of tokens) {
    try {
      const outcome = await launcher.launch(size, 1, token);
      started += outcome.started.length;
      failures.push(...outcome.failures);
    } catch (error) {
      if (!(error instanceof LimitError)) throw error;
      return { started, failures, throttled: true };
    }
  }
  return { started, failures, throttled: false };
}
