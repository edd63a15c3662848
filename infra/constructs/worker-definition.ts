/** How a worker of one size is started, and what it may do: take messages of its own queue, and everything that ending a task needs. */
import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  Capability,
  type ContainerImage,
  FargateTaskDefinition,
  LinuxParameters,
  LogDrivers,
  OperatingSystemFamily,
} from 'aws-cdk-lib/aws-ecs';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Env } from '#containers/scan-worker/env.ts';
import { LIVENESS, SERVICE_VARIABLE, WORKER_CONTAINER, type WORKER_NAME_VARIABLE } from '#shared/names.ts';
import { WORKER_RESOURCES, type WorkerSize } from '#shared/scanner/definition.ts';
import type { Foundation } from '../foundation.ts';
import { ARCHITECTURES } from './worker-image.ts';

/** From SIGTERM to SIGKILL: the most Fargate grants. A worker's own shutdown is shorter (SCANFLEET_SHUTDOWN_SECONDS). */
const STOP_TIMEOUT = Duration.seconds(120);

/** As the Dockerfile makes it. */
const WORKER_USER = '10001';

/** All that a worker can write to; it goes with the worker. The Dockerfile's VOLUME gives it the owner and mode of the image's /tmp. */
const SCRATCH = 'tmp';

/** A worker that has not touched its file for a minute does nothing at all any more. ECS shows that; its tasks are lost by their leases. */
const HEALTH_CHECK = {
  command: ['CMD-SHELL', `test -n "$(find ${LIVENESS.file} -mmin -1)"`],
  interval: Duration.seconds(30),
  timeout: Duration.seconds(5),
  startPeriod: Duration.seconds(60),
  retries: 3,
};

/**
 * Every variable of the worker's env.ts, but for its name, which each launch gives, and for where programs lie, which the image says: a
 * missing or misspelt one does not compile.
 */
type WorkerVariables = Readonly<Record<Exclude<keyof Env, typeof WORKER_NAME_VARIABLE | ImageVariable>, string>>;
type ImageVariable = `NUCLEI_${string}` | 'CHROMIUM_BINARY' | 'AXE_RUNNER';

/** The name of a size's task definitions; each deployment adds a revision. */
export const workerFamily = (stackName: string, size: WorkerSize): string => `${stackName}-worker-${size}`;

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
    const { vcpu, memoryGb } = WORKER_RESOURCES[size];
    this.definition = new FargateTaskDefinition(this, 'Definition', {
      cpu: vcpu * 1_024,
      memoryLimitMiB: memoryGb * 1_024,
      family: workerFamily(Stack.of(this).stackName, size),
      runtimePlatform: {
        cpuArchitecture: ARCHITECTURES[settings.workerArchitecture].cpu,
        operatingSystemFamily: OperatingSystemFamily.LINUX,
      },
      volumes: [{ name: SCRATCH }],
    });
    this.family = this.definition.family;
    const variables: WorkerVariables = {
      ...jobs.variables,
      ...tasks.variables,
      ...results.variables,
      ...events.variables,
      WORKER_SIZE: size,
      LOOPBACK_TARGETS: 'deny',
      LIVENESS_FILE: LIVENESS.file,
      SECRETS_FROM: 'secrets-manager',
    };
    const logGroup = new LogGroup(this, 'Log', {
      retention: settings.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // No init process: its /proc/1/environ would hold, readable by a scanner, the variable that leads to the worker's credentials.
    const linuxParameters = new LinuxParameters(this, 'Linux', { initProcessEnabled: false });
    linuxParameters.dropCapabilities(Capability.ALL);
    const container = this.definition.addContainer(WORKER_CONTAINER, {
      image,
      // The whole task's, said of the container too: the worker finds its limit in its control group, and keeps scanners within it.
      memoryLimitMiB: memoryGb * 1_024,
      logging: LogDrivers.awsLogs({ logGroup, streamPrefix: size }),
      stopTimeout: STOP_TIMEOUT,
      user: WORKER_USER,
      readonlyRootFilesystem: true,
      linuxParameters,
      healthCheck: HEALTH_CHECK,
      environment: { ...variables, ...settings.limits, [SERVICE_VARIABLE]: settings.name },
    });
    container.addMountPoints({ sourceVolume: SCRATCH, containerPath: '/tmp', readOnly: false });
    grantWork(this.definition.taskRole, size, foundation);
    this.grantSecrets(settings.secrets);
  }

  /** A secret's ARN ends with six characters that its name does not tell (Secrets Manager user guide, "Secret name and ARN"). */
  private grantSecrets(secrets: readonly string[]): void {
    if (secrets.length === 0) return;
    const resourceArns = secrets.map((secret) =>
      secret.startsWith('arn:')
        ? secret
        : Stack.of(this).formatArn({
            ...{ service: 'secretsmanager', resource: 'secret', resourceName: `${secret}-??????` },
            arnFormat: ArnFormat.COLON_RESOURCE_NAME,
          }),
    );
    Grant.addToPrincipal({
      grantee: this.definition.taskRole,
      actions: ['secretsmanager:GetSecretValue'],
      resourceArns,
    });
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
  jobs.usedBy(worker, 'GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem');
  tasks.emptiedBy(worker, size);
  tasks.fedBy(worker);
  results.readBy(worker, 'config', 'plans', 'uploads');
  results.streamedBy(worker, 'results');
  results.writtenBy(worker, 'health');
  events.sentBy(worker);
  // X-Ray knows no resources that are written.
  Grant.addToPrincipal({ grantee: worker, actions: ['xray:PutTraceSegments'], resourceArns: ['*'] });
}
