/** Every minute: repairs what was lost. Entry file: the decision is in sweep-tasks.ts. */
import * as z from 'zod';
import { dynamoDbClient, eventBridgeClient, sqsClient } from '#shared/aws/clients.ts';
import { eventBridgeEvents } from '#shared/aws/events.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { sqsTaskQueue } from '#shared/aws/task-queue.ts';
import { environment, parseEnv } from '#shared/env.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { eventHandler } from '../middleware/event.ts';
import { Env } from './env.ts';
import { sweepTasks } from './sweep-tasks.ts';

const env = parseEnv(Env);
const limits = limitsFromEnv(environment());
const jobs = dynamoJobStore({ client: dynamoDbClient(), table: env.JOB_TABLE, limits, now: () => new Date() });
const queue = sqsTaskQueue(sqsClient(), { small: env.TASK_QUEUE_URL_SMALL, large: env.TASK_QUEUE_URL_LARGE });
const events = eventBridgeEvents(eventBridgeClient(), env.EVENT_BUS);

export const handler = eventHandler('sweep-tasks', z.unknown(), ({ remainingMs }) =>
  sweepTasks({ jobs, queue, events }, remainingMs),
);
