/**
 * GET /health: 200 when signature, caller and table work. The rate limit's write has shown the first; the table is compared with its
 * definition until it was right once. Entry file; there is nothing to decide.
 */
import { dynamoDbClient } from '#shared/aws/clients.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { tableVerifier } from '#shared/aws/verify-table.ts';
import { getHealthRoute } from '#shared/contracts/health.ts';
import { environment, parseEnv } from '#shared/env.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { VERSION } from '#shared/names.ts';
import { httpHandler } from '../middleware/http.ts';
import { Env } from './env.ts';

const env = parseEnv(Env);
const limits = limitsFromEnv(environment());
const client = dynamoDbClient();
const jobs = dynamoJobStore({ client, table: env.JOB_TABLE, limits, now: () => new Date() });
const verifyTable = tableVerifier(client, env.JOB_TABLE);

export const handler = httpHandler(getHealthRoute, { jobs, callers: env.CALLER_SETTINGS }, async ({ caller }) => {
  await verifyTable();
  const { tenant, principal, admin } = caller;
  return { status: 200, body: { status: 'ok', version: VERSION, tenant, principal, admin } };
});
