/**
 * GET /jobs/{jobId}/report: streams the report; 303 or 202 for one too large; 404; 409 while the job is open. Entry file: the decision is
 * in export-report.ts.
 */
import { dynamoDbClient, eventBridgeClient, s3Client } from '#shared/aws/clients.ts';
import { eventBridgeEvents } from '#shared/aws/events.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { s3Results } from '#shared/aws/results.ts';
import { s3Signer } from '#shared/aws/signer.ts';
import { exportReportRoute } from '#shared/contracts/report.ts';
import { environment, parseEnv } from '#shared/env.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { streamHandler } from '../middleware/stream.ts';
import { Env } from './env.ts';
import { exportReport } from './export-report.ts';

const env = parseEnv(Env);
const limits = limitsFromEnv(environment());
const now = () => new Date();
const jobs = dynamoJobStore({ client: dynamoDbClient(), table: env.JOB_TABLE, limits, now });
const s3 = s3Client();
const results = s3Results(s3, env.RESULTS_BUCKET);
const signer = s3Signer(s3, env.RESULTS_BUCKET);
const events = eventBridgeEvents(eventBridgeClient(), env.EVENT_BUS);
const deps = { jobs, results, signer, events, presignedSeconds: limits.presignedSeconds, now };

export const handler = streamHandler(exportReportRoute, { jobs, callers: env.CALLER_SETTINGS }, (request) =>
  exportReport(deps, request),
);
