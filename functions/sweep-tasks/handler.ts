/** Every minute: repairs what was lost, in a table that it can rely on. Entry file: the decision is in sweep-tasks.ts. */
import * as z from 'zod';
import { dynamoDbClient, eventBridgeClient, sqsClient } from '#shared/aws/clients.ts';
import { eventBridgeEvents } from '#shared/aws/events.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { sqsTaskQueue } from '#shared/aws/task-queue.ts';
import { tableVerifier } from '#shared/aws/verify-table.ts';
import { environment, parseEnv } from '#shared/env.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { eventHandler } from '../middleware/event.ts';
import { Env } from './env.ts';
import { sweepTasks } from './sweep-tasks.ts';

const env = parseEnv(Env);
const limits = limitsFromEnv(environment());
const now = () => new Date();
const dynamodb = dynamoDbClient();
const jobs = dynamoJobStore({ client: dynamodb, table: env.JOB_TABLE, limits, now });
const verifyTable = tableVerifier(dynamodb, env.JOB_TABLE, 'repairs');
const sqs = sqsClient();
const queue = sqsTaskQueue(sqs, { small: env.TASK_QUEUE_URL_SMALL, large: env.TASK_QUEUE_URL_LARGE });
const deadLetterUrls = { small: env.DEAD_LETTER_QUEUE_URL_SMALL, large: env.DEAD_LETTER_QUEUE_URL_LARGE };
const deadLetters = sqsTaskQueue(sqs, deadLetterUrls);
const events = eventBridgeEvents(eventBridgeClient(), env.EVENT_BUS);

export const handler = eventHandler('sweep-tasks', z.unknown(), async ({ remainingMs }) => {
  await verifyTable();
  return sweepTasks({ jobs, queue, deadLetters, events, now }, remainingMs);
});
