/** GET /jobs/{jobId}/watch: 200 with an event stream; 204 for who has seen the job's end; 404. Entry file: the decision is in watch-job.ts. */
import { setTimeout as delay } from 'node:timers/promises';
import { dynamoDbClient, s3Client } from '#shared/aws/clients.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { s3Results } from '#shared/aws/results.ts';
import { watchJobRoute } from '#shared/contracts/job.ts';
import { environment, parseEnv } from '#shared/env.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { streamHandler } from '../middleware/stream.ts';
import { Env } from './env.ts';
import { watchJob } from './watch-job.ts';

const env = parseEnv(Env);
const limits = limitsFromEnv(environment());
const now = () => new Date();
const sleep = (ms: number, signal: AbortSignal) => delay(ms, undefined, { signal }).catch(() => undefined);
const jobs = dynamoJobStore({ client: dynamoDbClient(), table: env.JOB_TABLE, limits, now });
const deps = { jobs, results: s3Results(s3Client(), env.RESULTS_BUCKET), now, sleep };

export const handler = streamHandler(watchJobRoute, { jobs, callers: env.CALLER_SETTINGS }, (request, clientGone) =>
  watchJob(deps, request, clientGone),
);
