/**
 * The port of the job records: the lease protocol, one method an operation. Numbers refer to the operations of the protocol
 * (docs/architecture.md). Every write is conditional; a method repeats throttled, conflicting and unanswered calls by itself and throws
 * UnavailableError when that does not help; calling it again is then always safe.
 */
import type { Usage } from '../cost/usage.ts';
import type { Severity } from '../finding/severity.ts';
import type { NotStarted, Tree, TreeChild } from '../follow-up/rule.ts';
import type { Status } from '../status.ts';
import type { MaintenanceWindow } from '../target/maintenance-window.ts';
import type { StoppedWorker } from '../task/stopped-worker.ts';
import type { Held, Progress, Task, TaskError, TaskRef, TaskResult } from '../task/task.ts';
import type { DeadLetter, DeadTask, UnreadableMessage } from './dead-letter.ts';
import type { Job, JobEventRecord, JobSpec, PlannedTask, StoredSpec } from './job.ts';
import type { ReleaseMode } from './slots.ts';
import type { DayFigures } from './statistics.ts';
import type { Upload } from './upload.ts';

export interface NewJob {
  readonly job: Pick<
    Job,
    | 'jobId'
    | 'tenant'
    | 'createdBy'
    | 'sessionId'
    | 'name'
    | 'project'
    | 'rootJobId'
    | 'depth'
    | 'parentJobId'
    | 'scanners'
    | 'profile'
    | 'priority'
    | 'traceId'
    | 'traceParent'
    | 'createdAt'
    | 'deadlineSeconds'
    | 'maxCostNanoUsd'
  >;
  /** Targets that do not fit (targetsFitInSpec) are written to planKey by the caller, before. */
  readonly spec: JobSpec;
  readonly tasks: readonly PlannedTask[];
  readonly idempotency?: { readonly key: string; readonly requestHash: string };
  /** Of a follow-up: what it scans, and the version of its tree that was read. */
  readonly joins?: Pick<TreeChild, 'scans'> & Pick<Tree, 'version'>;
}

/** `repeated`: the key was used before for the same request; `body` is the answer of that first time. */
export type Submitted =
  | {
      readonly outcome: 'created';
      readonly job: Job;
      readonly body: string;
      /** Tasks to put on the queue now. */
      readonly released: readonly TaskRef[];
    }
  | { readonly outcome: 'repeated'; readonly jobId: string; readonly body: string };

/** Makes the body that answers the submit, and every repeat of it. `queuePosition`: the tenant's tasks before this job, an estimate. */
export type Answer = (job: Job, queuePosition: number) => string;

export interface JobFilter {
  readonly tenant: string;
  readonly status?: Status;
  readonly scanner?: string;
  readonly target?: string;
  readonly project?: string;
  /** Created at or after. */
  readonly from?: string;
  /** Created before. */
  readonly to?: string;
  /** Ended, with at least one finding as severe as this. */
  readonly minSeverity?: Severity;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Where the next page starts: a sort key, not yet a cursor. */
  readonly after?: string;
}

/** `tasks` in order of number. */
export interface JobAndTasks {
  readonly job: Job;
  readonly tasks: readonly Task[];
}

/** Without a size: whatever size the task is for. */
export type ClaimRef = Pick<TaskRef, 'jobId' | 'taskId'> & Partial<Pick<TaskRef, 'workerSize'>>;

export interface ClaimedTask {
  readonly task: Task;
  readonly held: Held;
}

export interface TaskEnd {
  readonly status: 'completed' | 'failed' | 'timed_out' | 'cancelled';
  readonly result?: TaskResult;
  readonly error?: TaskError;
  readonly deadLettered?: true;
  /** Of this attempt alone. */
  readonly used?: Usage;
}

/** What a retry changes of the job. */
export interface RetryChange {
  readonly window?: MaintenanceWindow;
  /** Instead of the cap it had. */
  readonly maxCostNanoUsd?: number;
}

/** `host_busy`: another task has a host, or the scanner has no room. No failure, and no trace in the list of claims. */
export type PutBackReason = 'shutdown' | 'host_busy' | 'transient_failure';

export interface JobStore {
  /**
   * 1, 2. LimitError `quota_exceeded`, `budget_exhausted` while the tenant's day is spent; ConflictError `idempotency_key_reused` (both hashes in the message), or `tree_changed` when a
   * follow-up's tree is not as it was read, or is closed.
   */
  submit(newJob: NewJob, answer: Answer): Promise<Submitted>;

  readJob(jobId: string): Promise<Job | undefined>;
  /** Eventually consistent and half the price: for the cancel check each second. */
  peekJob(jobId: string): Promise<Pick<Job, 'status' | 'stopReason' | 'round'> | undefined>;
  /** The whole of it likewise, by one query: for who follows the job and looks again soon. */
  peekJobAndTasks(jobId: string): Promise<JobAndTasks | undefined>;
  readSpec(jobId: string): Promise<StoredSpec | undefined>;
  readTask(jobId: string, taskId: string): Promise<Task | undefined>;
  /** Strongly consistent, in order of number. */
  readTasks(jobId: string): Promise<readonly Task[]>;
  readEvents(jobId: string): Promise<readonly JobEventRecord[]>;
  /** Newest first. `after` is a Page's. A page can be short of `limit`, even empty, and still have one after it. */
  listJobs(filter: JobFilter, limit: number, after?: string): Promise<Page<Job>>;

  /**
   * 3, 4, 5. Releases what the job's slots allow, borrowing or giving back as needed; what it returns goes on the queue. `refill`, for
   * who has ended one task: only once a handful of slots are free, so that not every end of a task costs a release.
   */
  release(job: Job, mode?: ReleaseMode): Promise<readonly TaskRef[]>;
  /** Offers slots that a job of the tenant does not need any more to those that wait for some: high priority first, then oldest. */
  releaseWaiting(tenant: string, freedSlots: number): Promise<readonly TaskRef[]>;
  /** 6. Undefined when the task is not claimable, or for another size of worker than the ref says: drop the message. */
  claim(ref: ClaimRef, worker: string): Promise<ClaimedTask | undefined>;
  /** 7. queued → running; nothing depends on it. */
  start(job: Job, by: string): Promise<void>;
  /** 8. All addresses or none. */
  lockHosts(held: Held, addresses: readonly string[]): Promise<'locked' | 'busy'>;
  /** 17. Best effort. */
  unlockHosts(held: Held, addresses: readonly string[]): Promise<void>;
  /** 9. The lease's new end, or undefined: it is lost, write nothing more. */
  heartbeat(held: Held, progress?: Progress): Promise<string | undefined>;
  /**
   * 10. `queued`: it is back, after an error `oom` for a large worker; `stopping`: the job is being stopped, finish it so; `lost`: not
   * ours any more.
   */
  putBack(
    held: Held,
    reason: PutBackReason,
    delaySeconds: number,
    error?: TaskError,
    used?: Usage,
  ): Promise<'queued' | 'stopping' | 'lost'>;
  /** 11. `superseded`: not ours any more, drop the result. A repeat of one's own finish is `finished`. */
  finish(held: Held, end: TaskEnd): Promise<'finished' | 'superseded'>;
  /** 12. Finalises when no task is open. The terminal job, or undefined while some are. `job` as just read. */
  finalise(job: Job, by: string): Promise<Job | undefined>;
  /** JobFinished was published: the sweeper need not repeat it, unless follow-ups or the signature of its evidence are due. */
  markAnnounced(job: Job): Promise<void>;
  /** The evidence of the job as it ended in its round is signed. */
  markSigned(job: Pick<Job, 'jobId' | 'round'>): Promise<void>;

  /** The tree of a root job, strongly consistent; undefined where there is none. */
  readTree(rootJobId: string): Promise<Tree | undefined>;
  /** Those that exist, in no order; strongly consistent. */
  readJobs(jobIds: readonly string[]): Promise<readonly Job[]>;
  /** 24. Nothing more starts in the tree, from now on; its open jobs are the caller's to cancel, or the sweeper's. False: not in that version any more. */
  closeTree(rootJobId: string, by: string, version?: number): Promise<boolean>;
  /** 25. The findings of a job that has ended are looked through: `notStarted` is what they called for in vain. */
  markFollowed(job: Job, notStarted: readonly NotStarted[]): Promise<void>;

  /** 13, 14, 12. The job as it is then: cancelling, or cancelled if nothing ran. ConflictError `job_state` for one that ended otherwise; NotFoundError. */
  cancel(jobId: string, by: string): Promise<Job>;
  /**
   * 16. With a window the tasks run in that instead of their own. ConflictError `job_state`, `budget_exhausted` for a job that has spent its
   * cap; LimitError `quota_exceeded`, `budget_exhausted` while its tenant's day is spent; NotFoundError. Then release.
   */
  retry(jobId: string, by: string, change?: RetryChange): Promise<Job>;
  /** Whose the job is, or was: for a day also of a deleted one. */
  readTenant(jobId: string): Promise<string | undefined>;
  /**
   * 18. Terminal jobs only, else ConflictError `job_state`; NotFoundError. Its objects in S3 are the caller's to delete, afterwards. Within
   * a day it can be repeated, and then finishes what an earlier call left.
   */
  deleteJob(jobId: string): Promise<void>;

  /**
   * Newest first: the tenant's tasks that were given up and are so still; what was retried, stopped or deleted since is left out. A page
   * can be short of `limit` as in listJobs.
   */
  listDeadLetters(tenant: string, limit: number, after?: string): Promise<Page<DeadTask>>;
  /** After its job was retried. Again: nothing. */
  removeDeadLetter(letter: Pick<DeadLetter, 'tenant' | 'jobId' | 'taskId' | 'at'>): Promise<void>;
  /** Newest first. */
  listUnreadable(limit: number, after?: string): Promise<Page<UnreadableMessage>>;
  /** A message with the same hash is recorded once. */
  recordUnreadable(message: UnreadableMessage): Promise<void>;

  /** Of the tenant, or of all, a bounded number; in the order in which their tasks are released. Eventually consistent. */
  openJobs(tenant?: string): Promise<readonly Job[]>;
  /** Up to `limit` tasks that wait for a worker, in order of number, around the first that is not released. */
  nextTasks(job: Job, limit: number): Promise<readonly Task[]>;

  /** Open (or unsigned) jobs whose checkAt has passed, oldest first. Eventually consistent. */
  dueJobs(limit: number): Promise<readonly string[]>;
  /** 19 to 22 with 3, 4, 5, 12, 14, 15: looks at one due job and repairs what it needs. */
  sweepJob(jobId: string): Promise<Sweep>;
  /**
   * For the sweeper, which names it as the cause when it loses the leases of that worker. Of several reports the one with the highest
   * version counts.
   */
  recordStoppedWorker(stopped: StoppedWorker): Promise<void>;

  /** The tenant's figures of the days `from` to `to`, both included, in order; kept for 90 days. */
  readStats(tenant: string, from: string, to: string): Promise<readonly DayFigures[]>;

  /** What the tenant spent on that day, as far as its jobs told; undefined where nobody counts, as there is no cap. */
  readSpent(tenant: string, day: string): Promise<number | undefined>;

  /** Kept for the retention and a day. */
  recordUpload(upload: Upload): Promise<void>;
  /** Of that tenant. */
  readUpload(tenant: string, uploadId: string): Promise<Upload | undefined>;

  /** Takes one token of the principal's bucket; seconds to wait when there is none. */
  takeToken(tenant: string, principal: string): Promise<{ ok: true } | { ok: false; retryAfterSeconds: number }>;
}

/** What a sweep of one job did, for the caller to finish: messages to send, an end to announce, and figures for the log. */
export interface Sweep {
  readonly send: readonly TaskRef[];
  /** Tasks that wait before they are tried again. */
  readonly sendLater: readonly { readonly ref: TaskRef; readonly delaySeconds: number }[];
  readonly finished?: Job;
  readonly actions: Readonly<Record<string, number>>;
}
