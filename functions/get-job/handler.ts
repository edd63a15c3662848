/** GET /jobs/{jobId}: 200 with the job and its tasks; 404. Entry file: the decision is in get-job.ts. */
import { dynamoDbClient, s3Client } from '#shared/aws/clients.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { s3Results } from '#shared/aws/results.ts';
import { getJobRoute } from '#shared/contracts/job.ts';
import { environment, parseEnv } from '#shared/env.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { httpHandler } from '../middleware/http.ts';
import { Env } from './env.ts';
import { getJob } from './get-job.ts';

const env = parseEnv(Env);
const limits = limitsFromEnv(environment());
const jobs = dynamoJobStore({ client: dynamoDbClient(), table: env.JOB_TABLE, limits, now: () => new Date() });
const results = s3Results(s3Client(), env.RESULTS_BUCKET);

export const handler = httpHandler(getJobRoute, { jobs, callers: env.CALLER_SETTINGS }, (request) =>
  getJob({ jobs, results }, request),
);
