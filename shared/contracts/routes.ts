/**
 * The HTTP API: one row a route. infra builds the API and each function's permissions from this table, local serves it, the client and
 * the OpenAPI document come from it.
 */
import * as z from 'zod';
import { CoverageQuery, CoverageResponse } from './coverage.ts';
import { DeadLettersQuery, DeadLettersResponse, RedriveRequest, RedriveResponse } from './dead-letters.ts';
import { FindingsQuery, FindingsResponse } from './findings.ts';
import { HealthView } from './health.ts';
import { JobId } from './ids.ts';
import { JobView, SubmittedView } from './job.ts';
import { ListJobsQuery, ListJobsResponse } from './list-jobs.ts';
import { QueueQuery, QueueView } from './queue.ts';
import { ReportLinkRequest, ReportLinkResponse, ReportQuery } from './report.ts';
import { RetryJobRequest } from './retry-job.ts';
import { ScannersResponse } from './scanners.ts';
import { StatsQuery, StatsResponse } from './stats.ts';
import { SubmitJobRequest } from './submit-job.ts';
import { TimelineQuery, TimelineResponse } from './timeline.ts';

export interface Route<
  Path extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Responses extends Readonly<Record<number, z.ZodType | undefined>> = Readonly<Record<number, z.ZodType | undefined>>,
> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** As API Gateway writes it: `/jobs/{jobId}`. */
  readonly path: string;
  /** The folder under functions/ that serves it. */
  readonly function: string;
  readonly summary: string;
  readonly request: { readonly path: Path; readonly query: Query; readonly body: Body };
  /** By status; `undefined` for a body that is a document of its own (a report, an event stream). */
  readonly responses: Responses;
  /** Whether the answer is streamed (API Gateway's transfer mode STREAM). */
  readonly streaming: boolean;
  readonly callers: 'any' | 'admins';
}

const none = z.strictObject({});
const noBody = z.undefined({ error: 'must be absent: this route takes no body' });
/** Of an answer without a body. */
const noContent = z.undefined();
const jobPath = z.strictObject({ jobId: JobId });

const route = <
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
  R extends Readonly<Record<number, z.ZodType | undefined>>,
>(
  row: Route<P, Q, B, R>,
): Route<P, Q, B, R> => row;

export const routes = {
  submitJob: route({
    method: 'POST',
    path: '/jobs',
    function: 'submit-job',
    summary: 'Submit a job',
    request: { path: none, query: none, body: SubmitJobRequest },
    responses: { 201: SubmittedView, 200: SubmittedView },
    streaming: false,
    callers: 'any',
  }),
  listJobs: route({
    method: 'GET',
    path: '/jobs',
    function: 'list-jobs',
    summary: "List one's own jobs, newest first",
    request: { path: none, query: ListJobsQuery, body: noBody },
    responses: { 200: ListJobsResponse },
    streaming: false,
    callers: 'any',
  }),
  getJob: route({
    method: 'GET',
    path: '/jobs/{jobId}',
    function: 'get-job',
    summary: 'One job with its tasks, progress and verdict',
    request: { path: jobPath, query: none, body: noBody },
    responses: { 200: JobView },
    streaming: false,
    callers: 'any',
  }),
  watchJob: route({
    method: 'GET',
    path: '/jobs/{jobId}/watch',
    function: 'watch-job',
    summary: 'Follow a job by server-sent events; to be asked again after 55 s, until the job has ended',
    request: { path: jobPath, query: none, body: noBody },
    responses: { 200: undefined, 204: noContent },
    streaming: true,
    callers: 'any',
  }),
  cancelJob: route({
    method: 'POST',
    path: '/jobs/{jobId}/cancel',
    function: 'cancel-job',
    summary: 'Cancel a job: what is queued never runs, what runs is stopped',
    request: { path: jobPath, query: none, body: none.prefault({}) },
    responses: { 202: JobView },
    streaming: false,
    callers: 'any',
  }),
  retryJob: route({
    method: 'POST',
    path: '/jobs/{jobId}/retry',
    function: 'retry-job',
    summary: 'Run again what a failed or timed out job did not complete',
    request: { path: jobPath, query: none, body: RetryJobRequest },
    responses: { 202: JobView },
    streaming: false,
    callers: 'any',
  }),
  deleteJob: route({
    method: 'DELETE',
    path: '/jobs/{jobId}',
    function: 'delete-job',
    summary: 'Delete a job that has ended: its records and objects',
    request: { path: jobPath, query: none, body: noBody },
    responses: { 204: noContent },
    streaming: false,
    callers: 'any',
  }),
  getTimeline: route({
    method: 'GET',
    path: '/jobs/{jobId}/timeline',
    function: 'get-timeline',
    summary: 'What happened to a job, who did it and why, oldest first',
    request: { path: jobPath, query: TimelineQuery, body: noBody },
    responses: { 200: TimelineResponse },
    streaming: false,
    callers: 'any',
  }),
  getFindings: route({
    method: 'GET',
    path: '/jobs/{jobId}/findings',
    function: 'get-findings',
    summary: 'What a job found; while it runs, what its ended tasks found',
    request: { path: jobPath, query: FindingsQuery, body: noBody },
    responses: { 200: FindingsResponse },
    streaming: false,
    callers: 'any',
  }),
  getCoverage: route({
    method: 'GET',
    path: '/jobs/{jobId}/coverage',
    function: 'get-coverage',
    summary: 'What happened to each target of a job; while it runs, to those of its ended tasks',
    request: { path: jobPath, query: CoverageQuery, body: noBody },
    responses: { 200: CoverageResponse },
    streaming: false,
    callers: 'any',
  }),
  exportReport: route({
    method: 'GET',
    path: '/jobs/{jobId}/report',
    function: 'export-report',
    summary: 'Stream the report; one over 100 MB is handed out as a download (303), or built as one first (202)',
    request: { path: jobPath, query: ReportQuery, body: noBody },
    responses: { 200: undefined, 202: ReportLinkResponse, 303: ReportLinkResponse },
    streaming: true,
    callers: 'any',
  }),
  reportLink: route({
    method: 'POST',
    path: '/jobs/{jobId}/report-link',
    function: 'report-link',
    summary: 'A presigned download of the report',
    request: { path: jobPath, query: none, body: ReportLinkRequest.prefault({}) },
    responses: { 200: ReportLinkResponse, 202: ReportLinkResponse },
    streaming: false,
    callers: 'any',
  }),
  listScanners: route({
    method: 'GET',
    path: '/scanners',
    function: 'list-scanners',
    summary: 'What can be asked for: each scanner, whether it is available and how it does',
    request: { path: none, query: none, body: noBody },
    responses: { 200: ScannersResponse },
    streaming: false,
    callers: 'any',
  }),
  getStats: route({
    method: 'GET',
    path: '/stats',
    function: 'get-stats',
    summary: "How the tenant's jobs went, by day and scanner",
    request: { path: none, query: StatsQuery, body: noBody },
    responses: { 200: StatsResponse },
    streaming: false,
    callers: 'any',
  }),
  listDeadLetters: route({
    method: 'GET',
    path: '/dead-letters',
    function: 'list-dead-letters',
    summary: 'What was given up and why, newest first',
    request: { path: none, query: DeadLettersQuery, body: noBody },
    responses: { 200: DeadLettersResponse },
    streaming: false,
    callers: 'any',
  }),
  redriveDeadLetters: route({
    method: 'POST',
    path: '/dead-letters/redrive',
    function: 'redrive-dead-letters',
    summary: 'Try again what was given up: the tasks of its job that did not complete run once more',
    request: { path: none, query: none, body: RedriveRequest },
    responses: { 200: RedriveResponse },
    streaming: false,
    callers: 'any',
  }),
  getQueue: route({
    method: 'GET',
    path: '/queue',
    function: 'get-queue',
    summary: 'What waits, what runs it and what was given up',
    request: { path: none, query: QueueQuery, body: noBody },
    responses: { 200: QueueView },
    streaming: false,
    callers: 'any',
  }),
  getOpenapi: route({
    method: 'GET',
    path: '/openapi.json',
    function: 'get-openapi',
    summary: 'This API as an OpenAPI document',
    request: { path: none, query: none, body: noBody },
    responses: { 200: z.looseObject({ openapi: z.string() }) },
    streaming: false,
    callers: 'any',
  }),
  getHealth: route({
    method: 'GET',
    path: '/health',
    function: 'get-health',
    summary: 'Whether the service answers, and as whom it knows the caller',
    request: { path: none, query: none, body: noBody },
    responses: { 200: HealthView },
    streaming: false,
    callers: 'any',
  }),
} as const;
export type RouteName = keyof typeof routes;
