/** GET /stats: 200 with the tenant's figures; 400 for days that are none. Entry file: the decision is in get-stats.ts. */
import { dynamoDbClient } from '#shared/aws/clients.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { getStatsRoute } from '#shared/contracts/stats.ts';
import { environment, parseEnv } from '#shared/env.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { httpHandler } from '../middleware/http.ts';
import { Env } from './env.ts';
import { getStats } from './get-stats.ts';

const env = parseEnv(Env);
const limits = limitsFromEnv(environment());
const now = () => new Date();
const jobs = dynamoJobStore({ client: dynamoDbClient(), table: env.JOB_TABLE, limits, now });

export const handler = httpHandler(getStatsRoute, { jobs, callers: env.CALLER_SETTINGS }, (request) =>
  getStats({ jobs, limits, now }, request),
);
