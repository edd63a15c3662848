/** GET /scanners: 200 with each scanner, whether it is available and how it does. Entry file: the decision is in list-scanners.ts. */
import { dynamoDbClient } from '#shared/aws/clients.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { routes } from '#shared/contracts/routes.ts';
import { environment, parseEnv } from '#shared/env.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { httpHandler } from '../middleware/http.ts';
import { Env } from './env.ts';
import { listScanners } from './list-scanners.ts';

const env = parseEnv(Env);
const limits = limitsFromEnv(environment());
const now = () => new Date();
const jobs = dynamoJobStore({ client: dynamoDbClient(), table: env.JOB_TABLE, limits, now });
const availability = env.SCANNER_AVAILABILITY;

export const handler = httpHandler(routes.listScanners, { jobs, callers: env.CALLER_SETTINGS }, (request) =>
  listScanners({ jobs, availability, now }, request),
);
