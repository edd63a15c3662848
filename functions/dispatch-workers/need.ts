/** Which workers are missing. Pure: dispatch-workers.ts asks queue and ECS, and launches. */
import type { Limits } from '#shared/limits.ts';
import { slotsOf, type WorkerSize } from '#shared/scanner/definition.ts';
import type { Launch, LaunchedWorker } from '#shared/task/launcher.ts';

type NeedLimits = Pick<Limits, 'workerSlots' | 'maxWorkers' | 'launchSeconds'>;

export interface Need {
  readonly running: number;
  readonly starting: number;
  /** Launched too long ago to be still starting: to be stopped, and replaced. */
  readonly overdue: readonly LaunchedWorker[];
  readonly launches: readonly Launch[];
}

/**
 * `waiting`: tasks on the queue that no running worker takes. Those who start will take some; for the rest workers are missing. Where
 * launches did not start, Spot may have no room without saying so: their successors run on demand.
 */
export function needOf(
  size: WorkerSize,
  waiting: number,
  workers: readonly LaunchedWorker[],
  now: Date,
  limits: NeedLimits,
): Need {
  const startedBefore = now.getTime() - limits.launchSeconds * 1_000;
  const overdue = workers.filter(({ started, launchedAt }) => !started && launchedAt.getTime() < startedBefore);
  const running = workers.filter(({ started }) => started).length;
  const starting = workers.length - running - overdue.length;
  const wanted = Math.ceil(waiting / slotsOf(size, limits)) - starting;
  const missing = Math.max(0, Math.min(wanted, limits.maxWorkers - running - starting));
  const capacity = overdue.length > 0 ? 'on_demand' : 'spot';
  const launches = freeNames(size, missing, workers, now).map((name): Launch => ({ size, name, capacity }));
  return { running, starting, overdue, launches };
}

/** How long a launch may be missing from what ECS lists, which lags, before it is taken for lost. */
const NAMES_SECONDS = 30;

/**
 * In each half minute the workers are numbered, and the first numbers that no worker has are next. Several runs at once, or one that does
 * not see yet what another has just launched, so choose the same names, and ECS starts a name once. A worker that ends at once is replaced
 * in the next half minute, not sooner.
 */
function freeNames(size: WorkerSize, count: number, workers: readonly LaunchedWorker[], now: Date): string[] {
  const taken = new Set(workers.map(({ name }) => name));
  const prefix = `${size}-${Math.floor(now.getTime() / 1_000 / NAMES_SECONDS)}`;
  const names: string[] = [];
  for (let number = 1; names.length < count; number += 1) {
    const name = `${prefix}-${number}`;
    if (!taken.has(name)) names.push(name);
  }
  return names;
}
