/** What tasks used, and what that comes to. Whole numbers, so that sums are exact whoever adds them up, and in whatever order. */
import type { UsageView } from '../contracts/usage.ts';
import type { Limits } from '../limits.ts';
import type { WorkerSize } from '../scanner/definition.ts';
import { epochMsOf, secondsAfter } from '../time.ts';
import { SECOND_REQUESTS_USD, storageUsd, TASK_REQUESTS_USD } from './requests.ts';

export interface Usage {
  /** Of a worker's time: while it runs several tasks side by side, each has its share. */
  readonly workerMs: number;
  /** Of results, put into the bucket. */
  readonly storedBytes: number;
  /** Billionths of a dollar: of the worker's time, of the requests that a task makes, and of keeping its results. */
  readonly costNanoUsd: number;
}

export const NOTHING_USED: Usage = { workerMs: 0, storedBytes: 0, costNanoUsd: 0 };

/** Of a record: what it does not name was not used. */
export const usageIn = ({ workerMs = 0, storedBytes = 0, costNanoUsd = 0 }: Partial<Usage>): Usage => ({
  workerMs,
  storedBytes,
  costNanoUsd,
});

export const addUsage = (all: readonly Partial<Usage>[]): Usage =>
  all.map(usageIn).reduce(
    (sum, { workerMs, storedBytes, costNanoUsd }) => ({
      workerMs: sum.workerMs + workerMs,
      storedBytes: sum.storedBytes + storedBytes,
      costNanoUsd: sum.costNanoUsd + costNanoUsd,
    }),
    NOTHING_USED,
  );

type CostLimits = Pick<Limits, 'smallWorkerHourUsd' | 'largeWorkerHourUsd' | 'retentionSeconds'>;

/** One attempt at a task. */
interface Run {
  readonly workerSize: WorkerSize;
  readonly workerMs: number;
  /** From its claim to its end, whatever else the worker did meanwhile. */
  readonly heldMs: number;
  readonly storedBytes: number;
}

const NANO = 1e9;
const HOUR_MS = 3_600_000;

export const nanoUsdOf = (usd: number): number => Math.round(usd * NANO);
export const usdOf = (nanoUsd: number): number => nanoUsd / NANO;

export const workerUsd = (
  size: WorkerSize,
  ms: number,
  { smallWorkerHourUsd, largeWorkerHourUsd }: Pick<CostLimits, 'smallWorkerHourUsd' | 'largeWorkerHourUsd'>,
): number => (ms / HOUR_MS) * (size === 'small' ? smallWorkerHourUsd : largeWorkerHourUsd);

export function usageOf({ workerSize, workerMs, heldMs, storedBytes }: Run, limits: CostLimits): Usage {
  const usd =
    workerUsd(workerSize, workerMs, limits) +
    TASK_REQUESTS_USD +
    (heldMs / 1_000) * SECOND_REQUESTS_USD +
    storageUsd(storedBytes, limits.retentionSeconds);
  return { workerMs: Math.round(workerMs), storedBytes, costNanoUsd: nanoUsdOf(usd) };
}

interface LostRun {
  readonly workerSize: WorkerSize;
  readonly startedAt?: string;
  readonly leaseExpiresAt?: string;
}

/**
 * Of a claim that nobody ended: all that is known of its worker is that it lived when it last renewed the lease, and not how many tasks it
 * shared its time with. So that time counts, whole; what came after it does not.
 */
export function usageOfLost(
  { workerSize, startedAt, leaseExpiresAt }: LostRun,
  limits: CostLimits & Pick<Limits, 'leaseSeconds'>,
): Usage {
  if (startedAt === undefined || leaseExpiresAt === undefined) return NOTHING_USED;
  const renewedAt = secondsAfter(leaseExpiresAt, -limits.leaseSeconds);
  const ms = Math.max(0, epochMsOf(renewedAt) - epochMsOf(startedAt));
  return usageOf({ workerSize, workerMs: ms, heldMs: ms, storedBytes: 0 }, limits);
}

export const usageView = (used: Partial<Usage>): UsageView => {
  const { workerMs, storedBytes, costNanoUsd } = usageIn(used);
  return { workerSeconds: workerMs / 1_000, storedBytes, costUsd: usdOf(costNanoUsd) };
};
