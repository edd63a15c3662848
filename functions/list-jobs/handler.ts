/** GET /jobs: 200 with a page of the caller's jobs; 400 for a bad filter or cursor. Entry file: the decision is in list-jobs.ts. */
import { dynamoDbClient } from '#shared/aws/clients.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { listJobsRoute } from '#shared/contracts/list-jobs.ts';
import { environment, parseEnv } from '#shared/env.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { httpHandler } from '../middleware/http.ts';
import { Env } from './env.ts';
import { listJobs } from './list-jobs.ts';

const env = parseEnv(Env);
const limits = limitsFromEnv(environment());
const jobs = dynamoJobStore({ client: dynamoDbClient(), table: env.JOB_TABLE, limits, now: () => new Date() });

export const handler = httpHandler(listJobsRoute, { jobs, callers: env.CALLER_SETTINGS }, (request) =>
  listJobs({ jobs }, request),
);
