/** A job as the API shows it. */
import * as z from 'zod';
import { VERDICTS } from '../finding/coverage.ts';
import { SEVERITIES } from '../finding/severity.ts';
import { NOT_STARTED_CODES } from '../follow-up/rule.ts';
import { PRIORITIES } from '../job/job.ts';
import { STOP_REASONS } from '../job/lifecycle.ts';
import { PROFILES } from '../report/profile.ts';
import { SCANNER_NAMES, WORKER_SIZES } from '../scanner/definition.ts';
import { STATUSES } from '../status.ts';
import { JobId, TaskId } from './ids.ts';
import { jobPath, noBody, noContent, none, route } from './route.ts';
import { UsageView } from './usage.ts';

const At = z.iso.datetime();
const Count = z.int().min(0);

export const ProgressView = z.object({
  current: z.number(),
  total: z.number(),
  percent: z.number().min(0).max(100),
  message: z.string(),
  details: z.string().optional(),
});

export const TaskView = z
  .object({
    taskId: TaskId,
    scanner: z.enum(SCANNER_NAMES),
    instance: z.string().optional(),
    workerSize: z.enum(WORKER_SIZES),
    targetCount: Count,
    status: z.enum(STATUSES),
    attempt: Count,
    failures: Count,
    startedAt: At.optional(),
    endedAt: At.optional(),
    notBefore: At.optional(),
    window: z
      .object({ notBefore: At.optional(), notAfter: At.optional() })
      .optional()
      .describe('The maintenance window of its targets'),
    progress: ProgressView.optional(),
    findings: Count.optional(),
    usage: UsageView.optional().describe('Of its runs that are over; absent while there is none'),
    error: z
      .object({ code: z.string(), message: z.string(), retryable: z.boolean(), stderrTail: z.string().optional() })
      .optional(),
    deadLetteredAt: At.optional(),
  })
  .meta({ id: 'Task' });
export type TaskView = z.output<typeof TaskView>;

/** In lists. */
export const JobSummaryView = z
  .object({
    jobId: JobId,
    status: z.enum(STATUSES),
    verdict: z.enum(VERDICTS).nullable(),
    name: z.string().optional(),
    project: z.string().optional(),
    rootJobId: JobId.optional().describe('Of a job that others follow from, or that follows: the first of them'),
    depth: Count.optional().describe('How many jobs lead from the first one to it'),
    parentJobId: JobId.optional().describe('Whose findings started it'),
    scanners: z.array(z.enum(SCANNER_NAMES)),
    profile: z.enum(PROFILES),
    priority: z.enum(PRIORITIES),
    createdBy: z.string(),
    sessionId: z.string().optional(),
    createdAt: At,
    startedAt: At.optional(),
    finishedAt: At.optional(),
    deadlineAt: At,
    stopReason: z.enum(STOP_REASONS),
    cancelRequestedAt: At.optional(),
    cancelRequestedBy: z.string().optional(),
    percent: z.number().min(0).max(100),
    tasks: z.object({
      total: Count,
      queued: Count,
      running: Count,
      completed: Count,
      failed: Count,
      timedOut: Count,
      cancelled: Count,
    }),
    findings: Count,
    partialFindings: Count,
    bySeverity: z.record(z.enum(SEVERITIES), Count).optional(),
    covered: Count.optional(),
    uncovered: Count.optional(),
    usage: UsageView.describe('Of the tasks that have ended'),
    maxCostUsd: z.number().optional().describe('Once it has cost so much no further task of it starts; absent: no cap'),
    traceId: z.string(),
  })
  .meta({ id: 'JobSummary' });
export type JobSummaryView = z.output<typeof JobSummaryView>;

const summaryFields = JobSummaryView.shape;

export const FollowUpsView = z
  .object({
    settled: z.boolean().describe('Every job has ended, and nothing more starts'),
    verdict: z.enum(VERDICTS).nullable().describe('Of all the jobs together; null until they are settled'),
    bySeverity: z.record(z.enum(SEVERITIES), Count).optional(),
    covered: Count.optional(),
    uncovered: Count.optional().describe('With what was not started'),
    cancelRequestedAt: At.optional(),
    cancelRequestedBy: z.string().optional(),
    jobs: z
      .array(
        z.object({
          jobId: JobId,
          ...{ parentJobId: summaryFields.parentJobId, depth: summaryFields.depth, scanners: summaryFields.scanners },
          ...{ status: summaryFields.status, verdict: summaryFields.verdict, percent: summaryFields.percent },
          ...{ findings: Count, partialFindings: Count },
        }),
      )
      .describe('Oldest first'),
    notStarted: z.array(
      z.object({
        jobId: JobId.describe('Whose findings called for it'),
        scanner: z.enum(SCANNER_NAMES),
        code: z.enum(NOT_STARTED_CODES),
        reason: z.string(),
        targets: Count,
        examples: z.array(z.string()),
      }),
    ),
  })
  .meta({ id: 'FollowUps', description: 'What followed from the findings of a first job, and what did not' });
export type FollowUpsView = z.output<typeof FollowUpsView>;

export const JobView = JobSummaryView.extend({
  targets: z.array(z.string()).describe('Canonical; the first ones, at most 100'),
  targetCount: Count.describe('Targets as submitted'),
  description: z.string().optional(),
  labels: z.record(z.string(), z.string()),
  options: z.record(z.string(), z.record(z.string(), z.unknown())).describe('By scanner, defaults filled in'),
  followUps: FollowUpsView.optional().describe('Of the first job of a tree'),
  taskList: z.array(TaskView).optional().describe('All tasks of the job; absent in the answer to a submit'),
}).meta({ id: 'Job' });
export type JobView = z.output<typeof JobView>;

export const SubmittedView = JobView.extend({
  queuePosition: Count.describe("An estimate: the tenant's released and not ended tasks before this job"),
}).meta({ id: 'SubmittedJob' });
export type SubmittedView = z.output<typeof SubmittedView>;

export const getJobRoute = route({
  method: 'GET',
  path: '/jobs/{jobId}',
  function: 'get-job',
  summary: 'One job with its tasks, progress and verdict',
  request: { path: jobPath, query: none, body: noBody },
  responses: { 200: JobView },
  streaming: false,
  callers: 'any',
});

export const watchJobRoute = route({
  method: 'GET',
  path: '/jobs/{jobId}/watch',
  function: 'watch-job',
  summary: 'Follow a job by server-sent events; to be asked again after 55 s, until the job has ended',
  request: { path: jobPath, query: none, body: noBody },
  responses: { 200: undefined, 204: noContent },
  streaming: true,
  callers: 'any',
});

export const cancelJobRoute = route({
  method: 'POST',
  path: '/jobs/{jobId}/cancel',
  function: 'cancel-job',
  summary: 'Cancel a job: what is queued never runs, what runs is stopped',
  request: { path: jobPath, query: none, body: none.prefault({}) },
  responses: { 202: JobView },
  streaming: false,
  callers: 'any',
});

export const deleteJobRoute = route({
  method: 'DELETE',
  path: '/jobs/{jobId}',
  function: 'delete-job',
  summary: 'Delete a job that has ended: its records and objects',
  request: { path: jobPath, query: none, body: noBody },
  responses: { 204: noContent },
  streaming: false,
  callers: 'any',
});
