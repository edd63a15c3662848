/** What a worker works with. */
import type { Events } from '#shared/events.ts';
import type { Results } from '#shared/finding/results.ts';
import type { Job } from '#shared/job/job.ts';
import type { JobStore } from '#shared/job/store.ts';
import type { Limits } from '#shared/limits.ts';
import type { Amounts, Dimensions } from '#shared/observability/metrics.ts';
import type { Traces } from '#shared/observability/trace.ts';
import type { ScannerName, WorkerSize } from '#shared/scanner/definition.ts';
import type { Policy } from '#shared/target/policy.ts';
import type { TaskQueue } from '#shared/task/queue.ts';
import type { Clock } from './clock.ts';
import type { JobWork } from './job-work.ts';
import type { Log } from './log.ts';
import type { Resolve } from './prepare.ts';
import type { Scanner } from './scanner.ts';
import type { WorkerTime } from './worker-time.ts';

export interface WorkerDeps {
  /** This worker's name in claims and logs. */
  readonly worker: string;
  /** The queue it serves. */
  readonly size: WorkerSize;
  readonly jobs: JobStore;
  readonly queue: TaskQueue;
  readonly results: Results;
  readonly events: Events;
  readonly scanners: ReadonlyMap<ScannerName, Scanner>;
  /** The target policy in force. UnavailableError when it cannot be read: then nothing is scanned. */
  readonly policy: () => Promise<Policy>;
  /** What a job is to scan. CorruptError when its record does not say. */
  readonly work: (job: Job) => Promise<JobWork>;
  readonly resolve: Resolve;
  readonly clock: Clock;
  /** Shared out among the tasks in hand. */
  readonly time: WorkerTime;
  readonly limits: Limits;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly log: Log;
  /** Counts for the metrics. */
  readonly record: (amounts: Amounts, dimensions: Dimensions) => void;
  readonly traces: Traces;
  /** Where private directories are made. */
  readonly temporary: string;
}
