/**
 * ECS on this machine: RunTask, StopTask, DescribeTasks and ListTasks over real processes. It also serves the workers their credentials.
 */
import { randomUUID } from 'node:crypto';
import type { EventBridgeEvent } from 'aws-lambda';
import * as z from 'zod';
import { ECS_EVENT } from '#shared/names.ts';
import { LOCAL_ACCOUNT } from '../keys.ts';
import type { SigningKey } from '../sigv4.ts';
import { AwsJsonFault, type AwsJsonOptions, type Operation, operation, startAwsJson } from './aws-json.ts';
import { containerCredentials } from './ecs/container-credentials.ts';
import { type Fleet, startFleet, type TaskDefinition, type WorkerFaults } from './ecs/fleet.ts';
import { exitCodeOf, stoppedDetail, taskView, type WorkerTask } from './ecs/worker-task.ts';
import type { Emulator } from './emulator.ts';

export type { TaskDefinition } from './ecs/fleet.ts';

/** A worker that is gone. */
export interface EndedWorker {
  readonly taskArn: string;
  readonly family: string;
  /** 128 and the signal's number when a signal ended it; undefined when it could not be started. */
  readonly exitCode: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  /** Whether somebody asked for it, by StopTask or by ending the service. */
  readonly wanted: boolean;
  readonly reason: string;
  /** The last KB of its output. */
  readonly outputTail: string;
  /** As ECS publishes it. */
  readonly event: EventBridgeEvent<typeof ECS_EVENT.type, object>;
}

export interface EcsOptions extends Pick<AwsJsonOptions, 'region' | 'identities' | 'now' | 'onFault'> {
  readonly cluster: string;
  /** By family. */
  readonly taskDefinitions: Readonly<Record<string, TaskDefinition>>;
  /** How many workers may run at once. */
  readonly capacity: number;
  /** Whose keys workers sign with. */
  readonly workerCredentials: SigningKey & { readonly accessKeyId: string };
  readonly onEnded: (worker: EndedWorker) => void;
  /** Gets what the workers write on stdout and stderr. */
  readonly onOutput?: (chunk: Uint8Array) => void;
  readonly faults?: WorkerFaults | undefined;
}

export async function startEcs(options: EcsOptions): Promise<Emulator> {
  const { region, cluster, now } = options;
  const arn = `arn:aws:ecs:${region}:${LOCAL_ACCOUNT}`;
  const clusterArn = `${arn}:cluster/${cluster}`;
  const credentials = containerCredentials(options.workerCredentials, now);
  const fleet = startFleet({
    ...options,
    arnPrefix: `${arn}:task/${cluster}/`,
    credentials() {
      const path = credentials.issue();
      return { descriptor3: `${server.endpoint}${path}\n`, revoke: () => credentials.revoke(path) };
    },
    onEnded: (task) => options.onEnded(endedWorker(task, stoppedEvent(region, clusterArn, task))),
  });
  const server = await startAwsJson({
    ...options,
    service: 'ecs',
    target: 'AmazonEC2ContainerServiceV20141113',
    operations: operationsOn(fleet, clusterArn),
    documents: credentials.document,
  });
  return {
    endpoint: server.endpoint,
    async close() {
      await fleet.close();
      await server.close();
    },
  };
}

function endedWorker({ arn, family, stopReason, stopped }: WorkerTask, event: EndedWorker['event']): EndedWorker {
  return {
    taskArn: arn,
    family,
    exitCode: stopped?.end && exitCodeOf(stopped.end),
    signal: stopped?.end?.signal ?? undefined,
    wanted: stopReason !== undefined,
    reason: stopped?.reason ?? '',
    outputTail: stopped?.end?.outputTail ?? '',
    event,
  };
}

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html */
const stoppedEvent = (region: string, clusterArn: string, task: WorkerTask): EndedWorker['event'] => ({
  version: '0',
  id: randomUUID(),
  'detail-type': ECS_EVENT.type,
  source: ECS_EVENT.source,
  account: LOCAL_ACCOUNT,
  time: (task.stopped?.at ?? task.createdAt).toISOString(),
  region,
  resources: [task.arn],
  detail: stoppedDetail(clusterArn, task),
});

const Cluster = z.string().default('default');
const Pair = z.object({ name: z.string(), value: z.string() });
const RunTask = z.object({
  cluster: Cluster,
  taskDefinition: z.string(),
  count: z.int().min(1).max(10).default(1),
  clientToken: z.string().min(1).max(64).optional(),
  startedBy: z.string().max(128).optional(),
  overrides: z
    .object({ containerOverrides: z.array(z.object({ environment: z.array(Pair).default([]) })).default([]) })
    .prefault({}),
});
const StopTask = z.object({ cluster: Cluster, task: z.string(), reason: z.string().max(255).default('') });
const DescribeTasks = z.object({ cluster: Cluster, tasks: z.array(z.string()).min(1).max(100) });
const ListTasks = z.object({
  cluster: Cluster,
  family: z.string().optional(),
  startedBy: z.string().optional(),
  desiredStatus: z.enum(['RUNNING', 'STOPPED']).default('RUNNING'),
  maxResults: z.int().min(1).max(100).default(100),
  nextToken: z.string().optional(),
});

function operationsOn(fleet: Fleet, clusterArn: string): Record<string, Operation> {
  const define = <S extends z.ZodType<{ cluster: string }>>(schema: S, run: (input: z.output<S>) => Promise<object>) =>
    operation('InvalidParameterException', schema, async (input) => {
      if (input.cluster !== clusterArn && input.cluster !== nameOf(clusterArn))
        throw new AwsJsonFault('ClusterNotFoundException', 'Cluster not found.');
      return run(input);
    });
  const view = (task: WorkerTask) => taskView(clusterArn, task);
  const find = (id: string) => fleet.tasks().find(({ arn }) => arn === id || nameOf(arn) === id);
  return {
    RunTask: define(RunTask, async ({ taskDefinition, overrides, count, startedBy, clientToken }) => {
      const family = nameOf(taskDefinition).replace(/:\d+$/, '');
      const pairs = overrides.containerOverrides.flatMap(({ environment }) => environment);
      const env = Object.fromEntries(pairs.map(({ name, value }) => [name, value]));
      const { tasks, refused } = await fleet.run({ family, count, startedBy, clientToken, env });
      return { tasks: tasks.map(view), failures: Array.from({ length: refused }, () => ({ reason: 'RESOURCE:CPU' })) };
    }),
    StopTask: define(StopTask, async (input) => {
      const task = find(input.task);
      if (task === undefined) throw new AwsJsonFault('InvalidParameterException', 'The referenced task was not found.');
      if (task.stopped === undefined) fleet.stop(task, input.reason);
      return { task: view(task) };
    }),
    DescribeTasks: define(DescribeTasks, async (input) => {
      const found = input.tasks.map((id) => ({ id, task: find(id) }));
      return {
        tasks: found.flatMap(({ task }) => (task ? [view(task)] : [])),
        failures: found.flatMap(({ id, task }) => (task ? [] : [{ arn: id, reason: 'MISSING' }])),
      };
    }),
    ListTasks: define(ListTasks, async (input) => listPage(fleet.tasks(), input)),
  };
}

/** The last part of an ARN; a name as it is. */
const nameOf = (arn: string): string => arn.slice(arn.lastIndexOf('/') + 1);

/** A page ends with the ARN that the next begins behind: a task keeps its place when it stops. */
function listPage(tasks: readonly WorkerTask[], query: z.output<typeof ListTasks>): object {
  const { family, startedBy, desiredStatus, maxResults, nextToken } = query;
  const before = nextToken === undefined ? -1 : tasks.findIndex(({ arn }) => arn === nextToken);
  if (nextToken !== undefined && before < 0) throw new AwsJsonFault('InvalidParameterException', 'Invalid token.');
  const matching = tasks
    .slice(before + 1)
    .filter(
      (task) =>
        (family === undefined || task.family === family) &&
        (startedBy === undefined || task.startedBy === startedBy) &&
        isWanted(task) === (desiredStatus === 'RUNNING'),
    );
  const page = matching.slice(0, maxResults).map(({ arn }) => arn);
  return { taskArns: page, ...(page.length < matching.length ? { nextToken: page.at(-1) } : {}) };
}

const isWanted = ({ stopped, stopReason }: WorkerTask): boolean => stopped === undefined && stopReason === undefined;
