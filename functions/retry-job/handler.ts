/** POST /jobs/{jobId}/retry: 202 with the job; 400 for a window that cannot be kept; 404; 409 when its state forbids it; 429. Entry file: the decision is in retry-job.ts. */
import { dynamoDbClient, eventBridgeClient, s3Client, sqsClient } from '#shared/aws/clients.ts';
import { eventBridgeEvents } from '#shared/aws/events.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { s3Results } from '#shared/aws/results.ts';
import { sqsTaskQueue } from '#shared/aws/task-queue.ts';
import { retryJobRoute } from '#shared/contracts/retry-job.ts';
import { environment, parseEnv } from '#shared/env.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { httpHandler } from '../middleware/http.ts';
import { Env } from './env.ts';
import { retryJob } from './retry-job.ts';

const env = parseEnv(Env);
const limits = limitsFromEnv(environment());
const now = () => new Date();
const jobs = dynamoJobStore({ client: dynamoDbClient(), table: env.JOB_TABLE, limits, now });
const queue = sqsTaskQueue(sqsClient(), { small: env.TASK_QUEUE_URL_SMALL, large: env.TASK_QUEUE_URL_LARGE });
const results = s3Results(s3Client(), env.RESULTS_BUCKET);
const events = eventBridgeEvents(eventBridgeClient(), env.EVENT_BUS);

export const handler = httpHandler(retryJobRoute, { jobs, callers: env.CALLER_SETTINGS }, (request) =>
  retryJob({ jobs, queue, results, events, limits, now }, request),
);
