/** POST /dead-letters/redrive: 200 with what became of each; 400. Entry file: the decision is in redrive-dead-letters.ts. */
import { dynamoDbClient, eventBridgeClient, sqsClient } from '#shared/aws/clients.ts';
import { eventBridgeEvents } from '#shared/aws/events.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { sqsTaskQueue } from '#shared/aws/task-queue.ts';
import { redriveDeadLettersRoute } from '#shared/contracts/dead-letters.ts';
import { environment, parseEnv } from '#shared/env.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { httpHandler } from '../middleware/http.ts';
import { Env } from './env.ts';
import { redriveDeadLetters } from './redrive-dead-letters.ts';

const env = parseEnv(Env);
const limits = limitsFromEnv(environment());
const jobs = dynamoJobStore({ client: dynamoDbClient(), table: env.JOB_TABLE, limits, now: () => new Date() });
const queue = sqsTaskQueue(sqsClient(), { small: env.TASK_QUEUE_URL_SMALL, large: env.TASK_QUEUE_URL_LARGE });
const events = eventBridgeEvents(eventBridgeClient(), env.EVENT_BUS);

export const handler = httpHandler(redriveDeadLettersRoute, { jobs, callers: env.CALLER_SETTINGS }, (request) =>
  redriveDeadLetters({ jobs, queue, events }, request),
);
