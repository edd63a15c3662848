/** POST /jobs/{jobId}/cancel: 202 with the job; 404; 409 when it ended otherwise. Entry file: the decision is in cancel-job.ts. */
import { dynamoDbClient, eventBridgeClient, s3Client, sqsClient } from '#shared/aws/clients.ts';
import { eventBridgeEvents } from '#shared/aws/events.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { s3Results } from '#shared/aws/results.ts';
import { sqsTaskQueue } from '#shared/aws/task-queue.ts';
import { cancelJobRoute } from '#shared/contracts/job.ts';
import { environment, parseEnv } from '#shared/env.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { httpHandler } from '../middleware/http.ts';
import { cancelJob } from './cancel-job.ts';
import { Env } from './env.ts';

const env = parseEnv(Env);
const limits = limitsFromEnv(environment());
const jobs = dynamoJobStore({ client: dynamoDbClient(), table: env.JOB_TABLE, limits, now: () => new Date() });
const queue = sqsTaskQueue(sqsClient(), { small: env.TASK_QUEUE_URL_SMALL, large: env.TASK_QUEUE_URL_LARGE });
const results = s3Results(s3Client(), env.RESULTS_BUCKET);
const events = eventBridgeEvents(eventBridgeClient(), env.EVENT_BUS);

export const handler = httpHandler(cancelJobRoute, { jobs, callers: env.CALLER_SETTINGS }, (request) =>
  cancelJob({ jobs, queue, results, events }, request),
);
