/** DELETE /jobs/{jobId}: 204; 404; 409 while it is open. Entry file: the decision is in delete-job.ts. */
import { dynamoDbClient, s3Client } from '#shared/aws/clients.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { s3Results } from '#shared/aws/results.ts';
import { deleteJobRoute } from '#shared/contracts/job.ts';
import { environment, parseEnv } from '#shared/env.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { httpHandler } from '../middleware/http.ts';
import { deleteJob } from './delete-job.ts';
import { Env } from './env.ts';

const env = parseEnv(Env);
const limits = limitsFromEnv(environment());
const jobs = dynamoJobStore({ client: dynamoDbClient(), table: env.JOB_TABLE, limits, now: () => new Date() });
const results = s3Results(s3Client(), env.RESULTS_BUCKET);

export const handler = httpHandler(deleteJobRoute, { jobs, callers: env.CALLER_SETTINGS }, (request) =>
  deleteJob({ jobs, results }, request),
);
