/**
 * Starts as many workers as the queues need. It runs at every submit, at every end of a worker and every minute, and so may run several
 * times at once: what each then launches has the same names (need.ts), and ECS starts a name once.
 */
import * as z from 'zod';
import { concurrently } from '#shared/concurrently.ts';
import { LimitError } from '#shared/errors.ts';
import type { Limits } from '#shared/limits.ts';
import { record } from '#shared/observability/metrics.ts';
import { WORKER_SIZES, type WorkerSize } from '#shared/scanner/definition.ts';
import type { Launch, WorkerLauncher } from '#shared/task/launcher.ts';
import type { TaskQueue } from '#shared/task/queue.ts';
import { needOf } from './need.ts';

/** The detail of JobSubmitted; that of any other event, which names no sizes, asks for all. */
export const DispatchDetail = z.object({ workerSizes: z.array(z.enum(WORKER_SIZES)).optional() });
export type DispatchDetail = z.output<typeof DispatchDetail>;

export interface DispatchWorkersDeps {
  readonly queue: Pick<TaskQueue, 'depth'>;
  readonly launcher: WorkerLauncher;
  readonly limits: Pick<Limits, 'workerSlots' | 'maxWorkers' | 'launchSeconds'>;
  readonly now: () => Date;
  readonly sleep: (ms: number) => Promise<unknown>;
  /** Resolves when the next launch may go. */
  readonly pace: () => Promise<void>;
}

export interface Dispatched {
  readonly waiting: number;
  readonly running: number;
  readonly starting: number;
  /** Launches that never started, and were stopped. */
  readonly overdue: number;
  /** Launches that ECS accepted; left: that the next run makes up for. */
  readonly launched: number;
  readonly left: number;
  /** Why there was no room for others. */
  readonly refusals: readonly string[];
}

/** What free slots will take is gone by then: workers poll all the time. */
const SETTLE_MS = 2_000;
const AT_ONCE = 10;
/** Nothing new is launched with less time left. */
const RESERVE_MS = 10_000;

/** Throws UnavailableError when queue or ECS do not answer: the event is delivered again, and the next minute comes anyway. */
export async function dispatchWorkers(
  deps: DispatchWorkersDeps,
  { workerSizes }: DispatchDetail,
  remainingMs: () => number,
): Promise<Partial<Record<WorkerSize, Dispatched>>> {
  const hinted = workerSizes !== undefined;
  const dispatched = (workerSizes ?? WORKER_SIZES).map(
    async (size) => [size, await dispatch(deps, size, hinted, remainingMs)] as const,
  );
  return Object.fromEntries(await Promise.all(dispatched));
}

/** `hinted`: a task was just sent to this size's queue, which the queue's approximate depth may not show yet. */
async function dispatch(
  deps: DispatchWorkersDeps,
  size: WorkerSize,
  hinted: boolean,
  remainingMs: () => number,
): Promise<Dispatched> {
  const { launcher, limits, now } = deps;
  const workers = await launcher.list(size);
  const busy = workers.some(({ started }) => started);
  const waiting = await waitingTasks(deps, size, { hinted, busy });
  const { running, starting, overdue, launches } = needOf(size, waiting, workers, now(), limits);
  await Promise.all(overdue.map((worker) => launcher.stop(worker, 'it did not start in time')));
  const outcome = await launchAll(deps, launches, remainingMs);
  const launchFailures = outcome.refusals.length + overdue.length;
  record({ workersLaunched: outcome.launched, launchFailures }, { workerSize: size });
  return { waiting, running, starting, overdue: overdue.length, ...outcome };
}

/**
 * Tasks that none of the running workers takes. A message is deleted when its task is claimed, so the queue does not show how busy they
 * are; but what waits now and still does a moment later finds no free slot. Messages in flight are being claimed.
 */
async function waitingTasks(
  { queue, sleep }: DispatchWorkersDeps,
  size: WorkerSize,
  { hinted, busy }: { readonly hinted: boolean; readonly busy: boolean },
): Promise<number> {
  const { visible } = await queue.depth(size);
  const waiting = Math.max(visible, hinted ? 1 : 0);
  if (waiting === 0 || !busy) return waiting;
  await sleep(SETTLE_MS);
  return Math.min(waiting, (await queue.depth(size)).visible);
}

type Outcome = 'launched' | 'left' | { readonly refusal: string };

async function launchAll(
  { launcher, pace }: DispatchWorkersDeps,
  launches: readonly Launch[],
  remainingMs: () => number,
): Promise<Pick<Dispatched, 'launched' | 'left' | 'refusals'>> {
  let throttled = false;
  const launch = async (one: Launch): Promise<Outcome> => {
    await pace();
    if (throttled || remainingMs() < RESERVE_MS) return 'left';
    try {
      const refusal = await launcher.launch(one);
      return refusal === undefined ? 'launched' : { refusal };
    } catch (error) {
      if (!(error instanceof LimitError)) throw error;
      throttled = true;
      return 'left';
    }
  };
  const outcomes: Outcome[] = [];
  for await (const outcome of concurrently(launches, AT_ONCE, launch)) outcomes.push(outcome);
  return {
    launched: outcomes.filter((outcome) => outcome === 'launched').length,
    left: outcomes.filter((outcome) => outcome === 'left').length,
    refusals: outcomes.flatMap((outcome) => (typeof outcome === 'object' ? outcome.refusal : [])),
  };
}
