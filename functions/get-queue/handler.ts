/** GET /queue: 200 with what waits and what runs it; 403. Entry file: the decision is in get-queue.ts. */
import { dynamoDbClient, ecsClient, sqsClient } from '#shared/aws/clients.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { sqsTaskQueue } from '#shared/aws/task-queue.ts';
import { ecsWorkerLauncher } from '#shared/aws/worker-launcher.ts';
import { getQueueRoute } from '#shared/contracts/queue.ts';
import { environment, parseEnv } from '#shared/env.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { httpHandler } from '../middleware/http.ts';
import { Env } from './env.ts';
import { getQueue } from './get-queue.ts';

const env = parseEnv(Env);
const now = () => new Date();
const limits = limitsFromEnv(environment());
const jobs = dynamoJobStore({ client: dynamoDbClient(), table: env.JOB_TABLE, limits, now });
const queue = sqsTaskQueue(sqsClient(), { small: env.TASK_QUEUE_URL_SMALL, large: env.TASK_QUEUE_URL_LARGE });
const launcher = ecsWorkerLauncher(ecsClient(), {
  cluster: env.WORKER_CLUSTER,
  taskDefinitions: { small: env.WORKER_TASK_DEFINITION_SMALL, large: env.WORKER_TASK_DEFINITION_LARGE },
  subnets: env.WORKER_SUBNETS,
  securityGroups: env.WORKER_SECURITY_GROUPS,
  publicAddresses: env.WORKER_PUBLIC_ADDRESSES,
});

export const handler = httpHandler(getQueueRoute, { jobs, callers: env.CALLER_SETTINGS }, (request) =>
  getQueue({ jobs, queue, launcher, now }, request),
);
