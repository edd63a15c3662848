/** GET /openapi.json: 200 with this API as an OpenAPI document. Entry file; there is nothing to decide. */
import { dynamoDbClient } from '#shared/aws/clients.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { getOpenapiRoute } from '#shared/contracts/get-openapi.ts';
import { openApiDocument } from '#shared/contracts/openapi.ts';
import { environment, parseEnv } from '#shared/env.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { VERSION } from '#shared/names.ts';
import { httpHandler } from '../middleware/http.ts';
import { Env } from './env.ts';

const env = parseEnv(Env);
const limits = limitsFromEnv(environment());
const jobs = dynamoJobStore({ client: dynamoDbClient(), table: env.JOB_TABLE, limits, now: () => new Date() });
const body = JSON.stringify(openApiDocument(VERSION));

export const handler = httpHandler(getOpenapiRoute, { jobs, callers: env.CALLER_SETTINGS }, async () => ({
  status: 200,
  body,
}));
