/** Messages and events between our own parts. They are validated on arrival all the same: a queue can hold anything. */
import * as z from 'zod';
import { VERDICTS } from '../finding/coverage.ts';
import { SEVERITIES } from '../finding/severity.ts';
import { REPORT_FORMATS } from '../report/format.ts';
import { PROFILES } from '../report/profile.ts';
import { WORKER_SIZES } from '../scanner/definition.ts';
import { TERMINAL_STATUSES } from '../status.ts';
import { JobId, TaskId } from './ids.ts';

/** The body of a message on a task queue. */
export const TaskMessage = z.strictObject({ jobId: JobId, taskId: TaskId });
export type TaskMessage = z.output<typeof TaskMessage>;

export const JobSubmittedDetail = z.object({
  jobId: JobId,
  tenant: z.string(),
  traceId: z.string(),
  workerSizes: z.array(z.enum(WORKER_SIZES)),
});
export type JobSubmittedDetail = z.output<typeof JobSubmittedDetail>;

export const JobFinishedDetail = z.object({
  jobId: JobId,
  tenant: z.string(),
  traceId: z.string(),
  status: z.enum(TERMINAL_STATUSES),
  verdict: z.enum(VERDICTS).optional(),
  round: z.int(),
});
export type JobFinishedDetail = z.output<typeof JobFinishedDetail>;

/** Asks build-report for one document. */
export const ReportRequestedDetail = z.object({
  jobId: JobId,
  tenant: z.string(),
  round: z.int(),
  treeVersion: z.int().optional().describe('Of the whole tree that begins with the job, in this version'),
  format: z.enum(REPORT_FORMATS),
  profile: z.enum(PROFILES),
  severity: z.enum(SEVERITIES),
});
export type ReportRequestedDetail = z.output<typeof ReportRequestedDetail>;
