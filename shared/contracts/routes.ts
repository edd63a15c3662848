/**
 * The HTTP API: one line a route. infra builds the API and each function's permissions from this table, local serves it, the client and
 * the OpenAPI document come from it. What it names is in the contract beside it.
 */
import { getCoverageRoute } from './coverage.ts';
import { createUploadRoute } from './create-upload.ts';
import { listDeadLettersRoute, redriveDeadLettersRoute } from './dead-letters.ts';
import { getEvidenceRoute } from './evidence.ts';
import { getFindingsRoute } from './findings.ts';
import { getOpenapiRoute } from './get-openapi.ts';
import { getHealthRoute } from './health.ts';
import { cancelJobRoute, deleteJobRoute, getJobRoute, watchJobRoute } from './job.ts';
import { listJobsRoute } from './list-jobs.ts';
import { getQueueRoute } from './queue.ts';
import { exportReportRoute, reportLinkRoute } from './report.ts';
import { retryJobRoute } from './retry-job.ts';
import { listScannersRoute } from './scanners.ts';
import { getStatsRoute } from './stats.ts';
import { submitJobRoute } from './submit-job.ts';
import { getTimelineRoute } from './timeline.ts';

export const routes = {
  submitJob: submitJobRoute,
  listJobs: listJobsRoute,
  getJob: getJobRoute,
  watchJob: watchJobRoute,
  cancelJob: cancelJobRoute,
  retryJob: retryJobRoute,
  deleteJob: deleteJobRoute,
  getTimeline: getTimelineRoute,
  getFindings: getFindingsRoute,
  getCoverage: getCoverageRoute,
  getEvidence: getEvidenceRoute,
  exportReport: exportReportRoute,
  reportLink: reportLinkRoute,
  createUpload: createUploadRoute,
  listScanners: listScannersRoute,
  getStats: getStatsRoute,
  listDeadLetters: listDeadLettersRoute,
  redriveDeadLetters: redriveDeadLettersRoute,
  getQueue: getQueueRoute,
  getOpenapi: getOpenapiRoute,
  getHealth: getHealthRoute,
} as const;
export type RouteName = keyof typeof routes;
