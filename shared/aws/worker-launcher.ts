/** Starts workers as Fargate tasks. */
import { createHash } from 'node:crypto';
import {
  DescribeTasksCommand,
  type ECSClient,
  paginateListTasks,
  RunTaskCommand,
  StopTaskCommand,
  type Task,
} from '@aws-sdk/client-ecs';
import { LimitError } from '../errors.ts';
import { WORKER_CONTAINER, WORKER_NAME_VARIABLE } from '../names.ts';
import type { WorkerSize } from '../scanner/definition.ts';
import type { Launch, LaunchedWorker, WorkerLauncher } from '../task/launcher.ts';
import { isThrottling, unavailable } from './failure.ts';

export interface WorkerPlace {
  readonly cluster: string;
  /** Family, family and revision, or ARN. */
  readonly taskDefinitions: Readonly<Record<WorkerSize, string>>;
  readonly subnets: readonly string[];
  readonly securityGroups: readonly string[];
  /** In a public subnet without a NAT a worker without one reaches neither image nor target. */
  readonly publicAddresses: 'ENABLED' | 'DISABLED';
}

/** dispatch-workers comes again every minute. */
const RETRY_AFTER_SECONDS = 60;
const UNAVAILABLE = 'workers_unavailable';
/** API reference, "DescribeTasks". */
const MAX_DESCRIBED = 100;

/** A failure's reason (developer guide, "API failure reasons"), or what Fargate says where it has no room, by a failure or an error. */
const NO_CAPACITY = /^RESOURCE:|capacity is unavailable/i;

type Provider = 'FARGATE_SPOT' | 'FARGATE';

export function ecsWorkerLauncher(client: ECSClient, place: WorkerPlace): WorkerLauncher {
  const { cluster, taskDefinitions } = place;
  return {
    async launch(launch) {
      if (launch.capacity === 'on_demand') return run(client, place, launch, 'FARGATE');
      const refused = await run(client, place, launch, 'FARGATE_SPOT');
      return refused !== undefined && NO_CAPACITY.test(refused) ? run(client, place, launch, 'FARGATE') : refused;
    },

    async list(size) {
      const workers: LaunchedWorker[] = [];
      // What is wanted to run, be it pending still.
      const wanted = { cluster, family: familyOf(taskDefinitions[size]), desiredStatus: 'RUNNING' as const };
      try {
        for await (const { taskArns = [] } of paginateListTasks({ client, pageSize: MAX_DESCRIBED }, wanted)) {
          if (taskArns.length === 0) continue;
          const { tasks = [] } = await client.send(new DescribeTasksCommand({ cluster, tasks: taskArns }));
          workers.push(...tasks.flatMap(workerOf));
        }
      } catch (error) {
        unavailable(UNAVAILABLE, 'listing workers')(error);
      }
      return workers;
    },

    async stop({ arn }, reason) {
      await client
        .send(new StopTaskCommand({ cluster, task: arn, reason }))
        .catch(unavailable(UNAVAILABLE, 'stopping a worker'));
    },
  };
}

/** A request with one token has to be the same each time: each provider has its own, and each deployment. At most 64 characters (API reference, "RunTask"). */
const tokenOf = ({ cluster }: WorkerPlace, { name }: Launch, provider: Provider): string =>
  createHash('sha256').update([cluster, name, provider].join('\0')).digest('hex');

async function run(
  client: ECSClient,
  place: WorkerPlace,
  launch: Launch,
  provider: Provider,
): Promise<string | undefined> {
  const command = new RunTaskCommand({
    cluster: place.cluster,
    taskDefinition: place.taskDefinitions[launch.size],
    clientToken: tokenOf(place, launch, provider),
    startedBy: launch.name,
    capacityProviderStrategy: [{ capacityProvider: provider, weight: 1 }],
    propagateTags: 'TASK_DEFINITION',
    overrides: {
      containerOverrides: [
        { name: WORKER_CONTAINER, environment: [{ name: WORKER_NAME_VARIABLE, value: launch.name }] },
      ],
    },
    networkConfiguration: {
      awsvpcConfiguration: {
        subnets: [...place.subnets],
        securityGroups: [...place.securityGroups],
        assignPublicIp: place.publicAddresses,
      },
    },
  });
  try {
    const { failures: [failure] = [] } = await client.send(command);
    return failure && [failure.reason, failure.detail].filter(Boolean).join(': ');
  } catch (error) {
    return refusalOf(error);
  }
}

function refusalOf(error: unknown): string {
  if (isThrottling(error))
    throw new LimitError('launch_throttled', 'ECS starts no more workers for now', RETRY_AFTER_SECONDS, {
      cause: error,
    });
  if (error instanceof Error && NO_CAPACITY.test(error.message)) return error.message;
  return unavailable(UNAVAILABLE, 'starting workers')(error);
}

const workerOf = ({ taskArn, startedBy, createdAt, startedAt }: Task): LaunchedWorker[] =>
  taskArn === undefined || createdAt === undefined
    ? []
    : [{ arn: taskArn, name: startedBy, launchedAt: createdAt, started: startedAt !== undefined }];

/** Of `arn:aws:ecs:eu-central-1:123456789012:task-definition/name:7`, of `name:7`, of `name`. */
const familyOf = (taskDefinition: string): string => taskDefinition.replace(/^arn:.*\//, '').replace(/:\d+$/, '');
