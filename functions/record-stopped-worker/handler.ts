/** When ECS says that a worker has stopped: keeps why. Entry file: the decision is in record-stopped-worker.ts. */
import { dynamoDbClient } from '#shared/aws/clients.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { environment, parseEnv } from '#shared/env.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { eventHandler } from '../middleware/event.ts';
import { Env } from './env.ts';
import { recordStoppedWorker, StoppedTaskDetail } from './record-stopped-worker.ts';

const env = parseEnv(Env);
const limits = limitsFromEnv(environment());
const jobs = dynamoJobStore({ client: dynamoDbClient(), table: env.JOB_TABLE, limits, now: () => new Date() });

export const handler = eventHandler('record-stopped-worker', StoppedTaskDetail, ({ detail }) =>
  recordStoppedWorker({ jobs }, detail),
);
