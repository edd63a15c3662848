/** How a worker of one size is started, and what it may do: take messages of its own queue, and everything that ending a task needs. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  type ContainerImage,
  CpuArchitecture,
  FargateTaskDefinition,
  LogDrivers,
  OperatingSystemFamily,
} from 'aws-cdk-lib/aws-ecs';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Env } from '#containers/scan-worker/env.ts';
import { WORKER_CONTAINER, type WORKER_NAME_VARIABLE } from '#shared/names.ts';
import type { WorkerSize } from '#shared/scanner/definition.ts';
import type { Foundation } from '../foundation.ts';

/** Fargate knows only certain pairs (ECS developer guide, "Task definition parameters for Fargate"). `large` holds a browser beside the worker. */
const SIZES = {
  small: { cpu: 512, memoryLimitMiB: 1_024 },
  large: { cpu: 2_048, memoryLimitMiB: 4_096 },
} as const satisfies Record<WorkerSize, object>;

/** From SIGTERM to SIGKILL: the most Fargate grants. A worker's own shutdown is shorter (SCANFLEET_SHUTDOWN_SECONDS). */
const STOP_TIMEOUT = Duration.seconds(120);

/** Every variable of the worker's env.ts, but for its name, which each launch gives: a missing or misspelt one does not compile. */
type WorkerVariables = Readonly<Record<Exclude<keyof Env, typeof WORKER_NAME_VARIABLE>, string>>;

export interface WorkerDefinitionProps {
  readonly size: WorkerSize;
  readonly image: ContainerImage;
  readonly foundation: Foundation;
}

export class WorkerDefinition extends Construct {
  /** The definition's name without a revision: the newest is started. */
  readonly family: string;
  private readonly definition: FargateTaskDefinition;

  constructor(scope: Construct, id: string, { size, image, foundation }: WorkerDefinitionProps) {
    super(scope, id);
    const { jobs, tasks, results, events, settings } = foundation;
    this.definition = new FargateTaskDefinition(this, 'Definition', {
      ...SIZES[size],
      runtimePlatform: { cpuArchitecture: CpuArchitecture.ARM64, operatingSystemFamily: OperatingSystemFamily.LINUX },
    });
    this.family = this.definition.family;
    const variables: WorkerVariables = {
      ...jobs.variables,
      ...tasks.variables,
      ...results.variables,
      ...events.variables,
      WORKER_SIZE: size,
      LOOPBACK_TARGETS: 'deny',
    };
    const logGroup = new LogGroup(this, 'Log', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // No init process: its /proc/1/environ would hold, readable by a scanner, the variable that leads to the worker's credentials.
    this.definition.addContainer(WORKER_CONTAINER, {
      image,
      logging: LogDrivers.awsLogs({ logGroup, streamPrefix: size }),
      stopTimeout: STOP_TIMEOUT,
      environment: { ...variables, ...settings.limits },
    });
    grantWork(this.definition.taskRole, size, foundation);
  }

  /** Who starts a worker hands it its roles, to ECS and to nobody else. */
  rolesPassedBy(launcher: IGrantable): void {
    const { taskRole, executionRole } = this.definition;
    Grant.addToPrincipal({
      grantee: launcher,
      actions: ['iam:PassRole'],
      resourceArns: [taskRole, executionRole ?? taskRole].map(({ roleArn }) => roleArn),
      conditions: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
    });
  }
}

/** The end of a task releases others, of either size, and may be the end of its job. */
function grantWork(worker: IGrantable, size: WorkerSize, { jobs, tasks, results, events }: Foundation): void {
  jobs.writtenBy(worker);
  tasks.emptiedBy(worker, size);
  tasks.fedBy(worker);
  results.readBy(worker, 'config', 'plans');
  results.writtenBy(worker, 'results');
  events.sentBy(worker);
}
