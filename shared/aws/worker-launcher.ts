/** Starts workers as Fargate tasks. */
import { type ECSClient, paginateListTasks, RunTaskCommand } from '@aws-sdk/client-ecs';
import { LimitError } from '../errors.ts';
import { SERVICE } from '../names.ts';
import type { WorkerSize } from '../scanner/definition.ts';
import type { WorkerLauncher } from '../task/launcher.ts';
import { isThrottling, unavailable } from './failure.ts';

export interface WorkerPlace {
  readonly cluster: string;
  /** Family, family and revision, or ARN. */
  readonly taskDefinitions: Readonly<Record<WorkerSize, string>>;
  readonly subnets: readonly string[];
  readonly securityGroups: readonly string[];
}

/** dispatch-workers comes again every minute. */
const RETRY_AFTER_SECONDS = 60;
const UNAVAILABLE = 'workers_unavailable';

export function ecsWorkerLauncher(
  client: ECSClient,
  { cluster, taskDefinitions, subnets, securityGroups }: WorkerPlace,
): WorkerLauncher {
  return {
    async launch(size, count, clientToken) {
      const command = new RunTaskCommand({
        cluster,
        taskDefinition: taskDefinitions[size],
        count,
        clientToken,
        launchType: 'FARGATE',
        startedBy: SERVICE,
        propagateTags: 'TASK_DEFINITION',
        networkConfiguration: {
          // Our own network has public subnets and no NAT: without an address of its own a worker reaches neither image nor target.
          awsvpcConfiguration: {
            subnets: [...subnets],
            securityGroups: [...securityGroups],
            assignPublicIp: 'ENABLED',
          },
        },
      });
      const { tasks = [], failures = [] } = await client.send(command).catch((error) => {
        if (isThrottling(error))
          throw new LimitError('launch_throttled', 'ECS starts no more workers for now', RETRY_AFTER_SECONDS, {
            cause: error,
          });
        return unavailable(UNAVAILABLE, 'starting workers')(error);
      });
      return {
        started: tasks.flatMap(({ taskArn }) => taskArn ?? []),
        failures: failures.map(({ reason, detail }) => [reason, detail].filter(Boolean).join(': ')),
      };
    },

    async list(size) {
      const arns: string[] = [];
      // What is wanted to run, be it pending still.
      const wanted = { cluster, family: familyOf(taskDefinitions[size]), desiredStatus: 'RUNNING' as const };
      try {
        for await (const { taskArns = [] } of paginateListTasks({ client }, wanted)) arns.push(...taskArns);
      } catch (error) {
        unavailable(UNAVAILABLE, 'listing workers')(error);
      }
      return arns;
    },
  };
}

/** Of `arn:aws:ecs:eu-central-1:123456789012:task-definition/name:7`, of `name:7`, of `name`. */
const familyOf = (taskDefinition: string): string => taskDefinition.replace(/^arn:.*\//, '').replace(/:\d+$/, '');
