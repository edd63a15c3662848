/** GET /health: 200 when signature, caller and table work; the rate limit's write has shown that. Entry file; there is nothing to decide. */
import { dynamoDbClient } from '#shared/aws/clients.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { routes } from '#shared/contracts/routes.ts';
import { environment, parseEnv } from '#shared/env.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { VERSION } from '#shared/names.ts';
import { httpHandler } from '../middleware/http.ts';
import { Env } from './env.ts';

const env = parseEnv(Env);
const limits = limitsFromEnv(environment());
const jobs = dynamoJobStore({ client: dynamoDbClient(), table: env.JOB_TABLE, limits, now: () => new Date() });

export const handler = httpHandler(routes.getHealth, { jobs, callers: env.CALLER_SETTINGS }, async ({ caller }) => ({
  status: 200,
  body: { status: 'ok', version: VERSION, tenant: caller.tenant, principal: caller.principal, admin: caller.admin },
}));
