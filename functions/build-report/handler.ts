/** On ReportRequested: builds the report into the results bucket. Entry file: the decision is in build-report.ts. */
import { dynamoDbClient, s3Client } from '#shared/aws/clients.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { s3Results } from '#shared/aws/results.ts';
import { ReportRequestedDetail } from '#shared/contracts/events.ts';
import { environment, parseEnv } from '#shared/env.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { eventHandler } from '../middleware/event.ts';
import { buildReport } from './build-report.ts';
import { Env } from './env.ts';

const env = parseEnv(Env);
const limits = limitsFromEnv(environment());
const now = () => new Date();
const jobs = dynamoJobStore({ client: dynamoDbClient(), table: env.JOB_TABLE, limits, now });
const results = s3Results(s3Client(), env.RESULTS_BUCKET);

export const handler = eventHandler('build-report', ReportRequestedDetail, (input) =>
  buildReport({ jobs, results, now }, input),
);
