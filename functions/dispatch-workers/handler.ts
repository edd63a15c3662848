/** On JobSubmitted, when a worker has stopped, and every minute: starts the workers that are missing. Entry file: the decision is in dispatch-workers.ts. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ecsClient, sqsClient } from '#shared/aws/clients.ts';
import { sqsTaskQueue } from '#shared/aws/task-queue.ts';
import { ecsWorkerLauncher } from '#shared/aws/worker-launcher.ts';
import { environment, parseEnv } from '#shared/env.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { eventHandler } from '../middleware/event.ts';
import { DispatchDetail, dispatchWorkers } from './dispatch-workers.ts';
import { Env } from './env.ts';
import { LAUNCH_PACE, launchPace } from './launch-pace.ts';

const env = parseEnv(Env);
const queue = sqsTaskQueue(sqsClient(), { small: env.TASK_QUEUE_URL_SMALL, large: env.TASK_QUEUE_URL_LARGE });
const launcher = ecsWorkerLauncher(ecsClient(), {
  cluster: env.WORKER_CLUSTER,
  taskDefinitions: { small: env.WORKER_TASK_DEFINITION_SMALL, large: env.WORKER_TASK_DEFINITION_LARGE },
  subnets: env.WORKER_SUBNETS,
  securityGroups: env.WORKER_SECURITY_GROUPS,
  publicAddresses: env.WORKER_PUBLIC_ADDRESSES,
});
const pace = launchPace(LAUNCH_PACE, { nowMs: Date.now, sleep });
const deps = { queue, launcher, limits: limitsFromEnv(environment()), now: () => new Date(), sleep, pace };

export const handler = eventHandler('dispatch-workers', DispatchDetail, ({ detail, remainingMs }) =>
  dispatchWorkers(deps, detail, remainingMs),
);
