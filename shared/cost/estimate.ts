/** What a job will come to, before it is submitted: its tasks as they would be planned, their time by one's own recent runs or by assumption. */
import type { StatsResponse } from '../contracts/stats.ts';
import type { PlannedTask } from '../job/job.ts';
import { DEFAULT_LIMITS, type Limits } from '../limits.ts';
import {
  type ScannerName,
  type ScannerRequest,
  slotsOf,
  WORKER_SIZES,
  type WorkerSize,
} from '../scanner/definition.ts';
import { assumedDuration } from './duration.ts';
import { PRICES } from './prices.ts';
import { JOB_REQUESTS_USD, SECOND_REQUESTS_USD, storageUsd, TASK_REQUESTS_USD } from './requests.ts';
import { workerUsd } from './usage.ts';

export interface Estimate {
  readonly tasks: number;
  readonly scanners: readonly ScannerEstimate[];
  /** What counts against budgets: the account of such a job would say so much. */
  readonly costUsd: number;
  /** What comes on top, whoever it is counted for: the job's own requests, and at most so much for workers that start and wait. */
  readonly overhead: { readonly jobRequestsUsd: number; readonly idleWorkersUsd: number };
  readonly prices: { readonly asOf: string; readonly region: string };
}

export interface ScannerEstimate {
  readonly scanner: ScannerName;
  readonly tasks: number;
  readonly targets: number;
  readonly workerSeconds: number;
  /** Of the workers' time, of what the tasks ask of AWS, of their results for as long as they are kept. */
  readonly usd: { readonly workers: number; readonly requests: number; readonly storage: number };
  /** Where the time comes from, for people. */
  readonly source: string;
}

/** What is known of the deployment, if anything. */
export interface Deployment {
  readonly recent?: StatsResponse['scanners'];
  readonly workerHourUsd?: Readonly<Record<WorkerSize, number>>;
}

/** Results of one target, where one's own are not known: a few findings, coverage, evidence and raw output, compressed. */
const ASSUMED_BYTES = 10_000;
/** From the pull of its image to its first message. */
const START_SECONDS = 60;
/** To read the job, make ready and upload, beside the scan. */
const TASK_SECONDS = 1;

export function estimateOf(
  tasks: readonly PlannedTask[],
  requests: readonly ScannerRequest[],
  { recent = [], workerHourUsd }: Deployment = {},
): Estimate {
  const limits = workerHourUsd
    ? { ...DEFAULT_LIMITS, smallWorkerHourUsd: workerHourUsd.small, largeWorkerHourUsd: workerHourUsd.large }
    : DEFAULT_LIMITS;
  const scanners = requests.map((request) => {
    const own = tasks.filter(({ scanner }) => scanner === request.name);
    return ofScanner(
      request,
      own,
      recent.find(({ scanner }) => scanner === request.name),
      limits,
    );
  });
  return {
    tasks: tasks.length,
    scanners,
    costUsd: scanners.reduce((sum, { usd }) => sum + usd.workers + usd.requests + usd.storage, 0),
    overhead: { jobRequestsUsd: JOB_REQUESTS_USD, idleWorkersUsd: idleUsd(tasks, limits) },
    prices: { asOf: PRICES.asOf, region: PRICES.region },
  };
}

function ofScanner(
  request: ScannerRequest,
  tasks: readonly PlannedTask[],
  recent: StatsResponse['scanners'][number] | undefined,
  limits: Limits,
): ScannerEstimate {
  const size = tasks[0]?.workerSize ?? 'small';
  const targets = tasks.reduce((sum, { slice }) => sum + slice.count, 0);
  const { heldSeconds, workerSeconds, storedBytes, source } =
    byRecentRuns(tasks.length, recent) ?? byAssumption(request, tasks.length, targets, slotsOf(size, limits));
  return {
    scanner: request.name,
    tasks: tasks.length,
    targets,
    workerSeconds,
    usd: {
      workers: workerUsd(size, workerSeconds * 1_000, limits),
      requests: tasks.length * TASK_REQUESTS_USD + heldSeconds * SECOND_REQUESTS_USD,
      storage: storageUsd(storedBytes, limits.retentionSeconds),
    },
    source,
  };
}

interface Expected {
  readonly heldSeconds: number;
  readonly workerSeconds: number;
  readonly storedBytes: number;
  readonly source: string;
}

/** A task is expected to be as the tenant's own of the last days were, on average. */
function byRecentRuns(tasks: number, recent: StatsResponse['scanners'][number] | undefined): Expected | undefined {
  if (recent === undefined || recent.averageDurationMs === null) return undefined;
  const { completed, failed, timedOut } = recent.tasks;
  const ran = completed + failed + timedOut;
  if (ran === 0 || recent.usage.workerSeconds === 0) return undefined;
  return {
    heldSeconds: (tasks * recent.averageDurationMs) / 1_000,
    workerSeconds: (tasks * recent.usage.workerSeconds) / ran,
    storedBytes: (tasks * recent.usage.storedBytes) / ran,
    source: `your own ${ran} tasks of the last 30 days, on average`,
  };
}

function byAssumption(request: ScannerRequest, tasks: number, targets: number, slots: number): Expected {
  const { secondsPerTarget, source } = assumedDuration(request);
  const heldSeconds = tasks * TASK_SECONDS + targets * secondsPerTarget;
  return {
    heldSeconds,
    // As many side by side as there are, each has its share of the worker.
    workerSeconds: heldSeconds / Math.max(1, Math.min(slots, tasks)),
    storedBytes: targets * ASSUMED_BYTES,
    source,
  };
}

/** At most: as many workers as the tasks of each size can use at once start for this job alone, and wait for more at its end. */
function idleUsd(tasks: readonly PlannedTask[], limits: Limits): number {
  return WORKER_SIZES.reduce((sum, size) => {
    const atOnce = Math.min(tasks.filter(({ workerSize }) => workerSize === size).length, limits.windowTasks);
    const workers = Math.min(limits.maxWorkers, Math.ceil(atOnce / slotsOf(size, limits)));
    return sum + workers * workerUsd(size, (START_SECONDS + limits.idleExitSeconds) * 1_000, limits);
  }, 0);
}
