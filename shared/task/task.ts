/** A task: one scanner run over one chunk of a job's targets. The unit that is queued, leased and retried. */
import type { Usage } from '../cost/usage.ts';
import type { CoverageCounts } from '../finding/coverage.ts';
import type { SeverityCounts } from '../finding/severity.ts';
import type { ScannerName, WorkerSize } from '../scanner/definition.ts';
import type { Status } from '../status.ts';
import type { MaintenanceWindow } from '../target/maintenance-window.ts';

/** Which part of the job's expanded targets a task scans: `count` addresses, names or URLs from number `from` (0-based). */
export interface Slice {
  readonly from: number;
  readonly count: number;
}

export interface Progress {
  readonly current: number;
  readonly total: number;
  /** 0 to 100; never falls within an attempt. */
  readonly percent: number;
  readonly message: string;
  readonly details?: string;
}

/** What an attempt left in S3. Under `results/<tenant>/<jobId>/<taskId>/<attempt>/`. */
export interface TaskResult {
  readonly prefix: string;
  readonly findings: number;
  /** Size of findings.ndjson.gz. */
  readonly bytes: number;
  readonly bySeverity: SeverityCounts;
  readonly coverage: readonly CoverageCounts[];
  /** CRC-32 and length of the uncompressed findings, for stitching (RFC 1952). */
  readonly crc32: number;
  readonly plainBytes: number;
}

export interface TaskError {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  /** The last of the scanner's stderr, at most 1 KB of UTF-8. */
  readonly stderrTail?: string;
}

/** One time a worker held the task. */
export interface Claim {
  readonly attempt: number;
  readonly worker: string;
  readonly at: string;
  readonly endedAt?: string;
  readonly why?: string;
}

/** With what its attempts of this round used, as far as they are over: each part absent while there is none. */
export interface Task extends Partial<Usage> {
  readonly jobId: string;
  /** Four digits, from 0001: sorts as it counts. */
  readonly taskId: string;
  readonly tenant: string;
  readonly scanner: ScannerName;
  readonly instance?: string;
  readonly workerSize: WorkerSize;
  readonly slice: Slice;
  /** The one window of all its targets. */
  readonly window?: MaintenanceWindow;
  readonly status: Status;
  /** The job's round this record was last released in. */
  readonly round: number;
  /** How often it was claimed; only rises; the fencing token. */
  readonly attempt: number;
  /** How often a lease was lost or a transient failure happened in this round. */
  readonly failures: number;
  /** How often in this round it was put back because its host or its scanner was busy, and its lease was lost; absent: never. */
  readonly hostBusy?: number;
  readonly leasesLost?: number;
  readonly notBefore?: string;
  /** When the sweeper looks next; set only while the task is on the queue or held. */
  readonly checkAt?: string;
  /** How often the sweeper sent its message again. */
  readonly resends: number;
  readonly leaseOwner?: string;
  readonly leaseExpiresAt?: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly progress?: Progress;
  readonly result?: TaskResult;
  readonly error?: TaskError;
  readonly claims: readonly Claim[];
  readonly deadLetteredAt?: string;
}

/** How much of a task a message on the queue names, and which queue it goes to. */
export interface TaskRef {
  readonly jobId: string;
  readonly taskId: string;
  readonly tenant: string;
  readonly workerSize: WorkerSize;
}

/** A worker's right to a task, as every write of that worker names it. */
export interface Held {
  readonly jobId: string;
  readonly taskId: string;
  readonly attempt: number;
  /** `<worker>/<nonce of this claim>`: two slots of one worker never pass for each other. */
  readonly owner: string;
  /** The task's claims up to this one: whoever ends the claim writes the list, which nobody else changes meanwhile. */
  readonly claims: readonly Claim[];
  /** What the earlier claims of this round used, which nobody else changes either; absent: nothing. */
  readonly used?: Usage;
}

/** Number `index` (0-based) as a task id. */
export const taskIdOf = (index: number): string => String(index + 1).padStart(4, '0');
