/** GET /jobs/{jobId}/coverage: 200 with a page of it; 400 for a bad cursor; 404. Entry file: the decision is in get-coverage.ts. */
import { dynamoDbClient, s3Client } from '#shared/aws/clients.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { s3Results } from '#shared/aws/results.ts';
import { getCoverageRoute } from '#shared/contracts/coverage.ts';
import { environment, parseEnv } from '#shared/env.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { httpHandler } from '../middleware/http.ts';
import { Env } from './env.ts';
import { getCoverage } from './get-coverage.ts';

const env = parseEnv(Env);
const limits = limitsFromEnv(environment());
const jobs = dynamoJobStore({ client: dynamoDbClient(), table: env.JOB_TABLE, limits, now: () => new Date() });
const results = s3Results(s3Client(), env.RESULTS_BUCKET);

export const handler = httpHandler(getCoverageRoute, { jobs, callers: env.CALLER_SETTINGS }, (request) =>
  getCoverage({ jobs, results }, request),
);
