/** What was given up: tasks that failed once too often, and messages nobody could read. Kept as records, for people to see why and try again. */
import type { ScannerName, WorkerSize } from '../scanner/definition.ts';
import { isTerminal } from '../status.ts';
import { statusInRound } from '../task/lifecycle.ts';
import type { Task } from '../task/task.ts';
import type { Job } from './job.ts';
import { jobSourcesOf } from './lifecycle.ts';

/** A task whose failures were used up. Small: its claims and the scanner's last words are in the task's own record. */
export interface DeadLetter {
  readonly tenant: string;
  readonly jobId: string;
  readonly taskId: string;
  readonly scanner: ScannerName;
  /** Of the task's last error. */
  readonly code: string;
  readonly message: string;
  readonly attempt: number;
  /** The task's `deadLetteredAt`: of several deaths of one task, which. */
  readonly at: string;
}

/** How a dead letter is named outside: by its task, of which at most one death counts. */
export const deadLetterIdOf = ({ jobId, taskId }: Pick<DeadLetter, 'jobId' | 'taskId'>): string => `${jobId}/${taskId}`;

/** redrivable: a retry of the job runs it again · job_open: once the job has ended · job_cancelled: never, its caller stopped the job. */
export const STANDINGS = ['redrivable', 'job_open', 'job_cancelled'] as const;
export type Standing = (typeof STANDINGS)[number];

/** What can be done about a task as it is now; undefined for one that is no dead letter: retried since, stopped, gone. */
export function standingOf(job: Job | undefined, task: Task | undefined): Standing | undefined {
  if (job === undefined || task?.deadLetteredAt === undefined) return undefined;
  if (statusInRound(task, job.round) !== 'failed') return undefined;
  if (!isTerminal(job.status)) return 'job_open';
  return jobSourcesOf('retry').includes(job.status) ? 'redrivable' : 'job_cancelled';
}

/** A dead letter that still is one, with what its task says now. */
export interface DeadTask {
  readonly letter: DeadLetter;
  readonly task: Task;
  readonly standing: Standing;
}

export const UNREADABLE_REASONS = ['not_json', 'wrong_schema', 'unknown_job', 'unknown_task'] as const;
export type UnreadableReason = (typeof UNREADABLE_REASONS)[number];

/** A message that no worker could take for a task. */
export interface UnreadableMessage {
  /** SHA-256 of the whole body, in hexadecimal: however often it comes, one message is one record. */
  readonly hash: string;
  readonly at: string;
  readonly reason: UnreadableReason;
  /** Its beginning, hostile: at most KEPT_BODY_BYTES of UTF-8. */
  readonly body: string;
  /** Of the whole body. */
  readonly bytes: number;
  /** As SQS counted. */
  readonly receiveCount: number;
  readonly queue: WorkerSize;
}

export const KEPT_BODY_BYTES = 4 * 1024;
