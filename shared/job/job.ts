/** A job: what a user submits. targets × scanners, with options; the unit users see, cancel, list and export. */
import type { Usage } from '../cost/usage.ts';
import type { Summary } from '../finding/coverage.ts';
import type { FollowUpRule, NotStarted } from '../follow-up/rule.ts';
import type { Profile } from '../report/profile.ts';
import type { ScannerName, ScannerRequest, WorkerSize } from '../scanner/definition.ts';
import type { Status } from '../status.ts';
import type { MaintenanceWindow } from '../target/maintenance-window.ts';
import type { Slice } from '../task/task.ts';
import type { EndCounts, StopReason } from './lifecycle.ts';

export const PRIORITIES = ['high', 'normal', 'low'] as const;
export type Priority = (typeof PRIORITIES)[number];

/**
 * The record every finish rewrites: kept small (about 1 KB). What the user wrote at length lies in JobSpec. With what its ended tasks used,
 * in all rounds.
 */
export interface Job extends Usage {
  readonly jobId: string;
  readonly tenant: string;
  /** The caller's IAM principal, as in `account/role`. */
  readonly createdBy: string;
  readonly sessionId?: string;
  readonly name?: string;
  readonly project?: string;
  /** Of a job whose findings start others, and of all that follow from it: the first of them, maybe itself; and how far it is from that. */
  readonly rootJobId?: string;
  readonly depth?: number;
  /** Whose findings started it. */
  readonly parentJobId?: string;
  readonly scanners: readonly ScannerName[];
  readonly profile: Profile;
  readonly priority: Priority;
  readonly traceId: string;
  /** The segment of the submit, where X-Ray samples it: what the workers add hangs under it. */
  readonly traceParent?: string;
  readonly createdAt: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;

  readonly status: Status;
  /** Rises with each retry; every job-level condition names the round it read. */
  readonly round: number;
  readonly stopReason: StopReason;
  /** When cancelling began. */
  readonly stopAt?: string;
  readonly cancelRequestedAt?: string;
  readonly cancelRequestedBy?: string;
  readonly deadlineSeconds: number;
  readonly deadlineAt: string;

  readonly taskCount: number;
  /** Tasks not ended in this round; the job is finalised when it reads 0. */
  readonly openCount: number;
  readonly ended: EndCounts;
  /** Findings of completed tasks, and of those that ended otherwise with a partial result. */
  readonly findings: number;
  readonly partialFindings: number;
  /** Once it has cost so much nothing more of it begins; absent: no cap. */
  readonly maxCostNanoUsd?: number;
  /** How much of its cost its tenant's days were told. */
  readonly toldNanoUsd: number;
  /** Set when the job is finalised. */
  readonly summary?: Summary;
  /** It has ended, and its findings are still to be looked through for what follows. Until then the sweeper announces its end again. */
  readonly followUpsDue?: true;
  /** Its evidence, as it ended in this round, is still to be signed. */
  readonly signatureDue?: true;
  /** What its findings called for and did not start. */
  readonly notStarted?: readonly NotStarted[];

  /** Slots of the tenant's window lent to this job, tasks on the queue or held, and the index of the first task not yet released. */
  readonly slots: number;
  readonly live: number;
  readonly next: number;
  /** Set when the window of that task was found closed: when it opens. Until then nothing is released, and the job needs no slots for it. */
  readonly opensAt?: string;
  /** What a retry gave instead of the windows of the tasks that it was to run again. */
  readonly retryWindow?: MaintenanceWindow;

  /** When the sweeper looks next; set while the job is open or its evidence is not yet signed. */
  readonly checkAt?: string;
  /** How often its end was announced in this round; absent: never. */
  readonly announcements?: number;
  /** The tasks' expiry less a margin: no retry may keep the job open beyond it. */
  readonly lastExpiryEpochSeconds: number;
  readonly expiresAtEpochSeconds?: number;
}

/** The part of a job that never changes after submit. */
export interface JobSpec {
  /** Canonical, in the caller's order, without repeats. */
  readonly targets: readonly string[];
  readonly scanners: readonly ScannerRequest[];
  readonly description?: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The same in all jobs of a tree. */
  readonly followUps?: readonly FollowUpRule[];
}

/** A spec as stored beside the job: `targets` is undefined when they were too many and lie in the bucket, at planKey. */
export type StoredSpec = Omit<JobSpec, 'targets'> & {
  readonly targets: readonly string[] | undefined;
  readonly targetCount: number;
};

/** Whether the targets go into the spec: up to 1 KB of JSON, because a stored item is best small (an update costs all of it). */
export const targetsFitInSpec = (targets: readonly string[]): boolean =>
  Buffer.byteLength(JSON.stringify(targets)) <= 1024;

/** A task as planned, before it is stored. */
export interface PlannedTask {
  readonly scanner: ScannerName;
  readonly workerSize: WorkerSize;
  readonly slice: Slice;
  readonly window?: MaintenanceWindow;
}

/** One job state change, kept as an item of its own. */
export interface JobEventRecord {
  readonly at: string;
  /** A principal, or `worker/<id>`, or `sweep-tasks`. */
  readonly by: string;
  readonly from: Status | null;
  readonly to: Status;
  readonly why: string;
}
