/** GET /jobs/{jobId}/findings: 200 with a page of them; 400 for a bad cursor; 404. Entry file: the decision is in get-findings.ts. */
import { dynamoDbClient, s3Client } from '#shared/aws/clients.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { s3Results } from '#shared/aws/results.ts';
import { getFindingsRoute } from '#shared/contracts/findings.ts';
import { environment, parseEnv } from '#shared/env.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { httpHandler } from '../middleware/http.ts';
import { Env } from './env.ts';
import { getFindings } from './get-findings.ts';

const env = parseEnv(Env);
const limits = limitsFromEnv(environment());
const jobs = dynamoJobStore({ client: dynamoDbClient(), table: env.JOB_TABLE, limits, now: () => new Date() });
const results = s3Results(s3Client(), env.RESULTS_BUCKET);

export const handler = httpHandler(getFindingsRoute, { jobs, callers: env.CALLER_SETTINGS }, (request) =>
  getFindings({ jobs, results }, request),
);
