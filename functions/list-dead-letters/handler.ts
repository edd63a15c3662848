/** GET /dead-letters: 200 with a page of them; 400 for a bad cursor; 403. Entry file: the decision is in list-dead-letters.ts. */
import { dynamoDbClient } from '#shared/aws/clients.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { listDeadLettersRoute } from '#shared/contracts/dead-letters.ts';
import { environment, parseEnv } from '#shared/env.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { httpHandler } from '../middleware/http.ts';
import { Env } from './env.ts';
import { listDeadLetters } from './list-dead-letters.ts';

const env = parseEnv(Env);
const limits = limitsFromEnv(environment());
const jobs = dynamoJobStore({ client: dynamoDbClient(), table: env.JOB_TABLE, limits, now: () => new Date() });

export const handler = httpHandler(listDeadLettersRoute, { jobs, callers: env.CALLER_SETTINGS }, (request) =>
  listDeadLetters({ jobs }, request),
);
