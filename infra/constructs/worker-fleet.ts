/** What dispatch-workers starts: a cluster that is empty while nothing runs, and a task definition for each worker size. */
import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { Cluster, ContainerImage } from 'aws-cdk-lib/aws-ecs';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Env as DispatchWorkersEnv } from '#functions/dispatch-workers/env.ts';
import type { Foundation } from '../foundation.ts';
import { WorkerDefinition } from './worker-definition.ts';
import { WorkerNetwork } from './worker-network.ts';

type FleetVariables = Readonly<Record<Extract<keyof DispatchWorkersEnv, `WORKER_${string}`>, string>>;

export class WorkerFleet extends Construct {
  readonly variables: FleetVariables;
  readonly repositoryUri: string;
  private readonly cluster: Cluster;
  private readonly definitions: readonly WorkerDefinition[];

  constructor(scope: Construct, id: string, foundation: Foundation) {
    super(scope, id);
    const repository = new Repository(this, 'Repository', {
      imageScanOnPush: true,
      emptyOnDelete: true,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const image = ContainerImage.fromEcrRepository(repository, foundation.settings.workerImageTag);
    const network = new WorkerNetwork(this, 'Network');
    this.cluster = new Cluster(this, 'Cluster', { vpc: network.vpc, enableFargateCapacityProviders: true });
    const small = new WorkerDefinition(this, 'Small', { size: 'small', image, foundation });
    const large = new WorkerDefinition(this, 'Large', { size: 'large', image, foundation });
    this.definitions = [small, large];
    this.repositoryUri = repository.repositoryUri;
    this.variables = {
      ...network.variables,
      WORKER_CLUSTER: this.cluster.clusterName,
      WORKER_TASK_DEFINITION_SMALL: small.family,
      WORKER_TASK_DEFINITION_LARGE: large.family,
    };
  }

  /**
   * Starts workers of our definitions on our cluster, with the definitions' tags, sees what runs there, and stops what does not start.
   * ListTasks knows no narrower resource than its condition (Service Authorization Reference, "Amazon Elastic Container Service").
   */
  launchedBy(launcher: IGrantable): void {
    const onCluster = { ArnEquals: { 'ecs:cluster': this.cluster.clusterArn } };
    const whenStarting = { StringEquals: { 'ecs:CreateAction': 'RunTask' } };
    const definitions = this.definitions.map(({ family }) => this.arnOf('task-definition', `${family}:*`));
    const workers = [this.arnOf('task', `${this.cluster.clusterName}/*`)];
    const grant = (action: string, resourceArns: string[], conditions: Record<string, Record<string, unknown>>) =>
      Grant.addToPrincipal({ grantee: launcher, actions: [action], resourceArns, conditions });
    grant('ecs:RunTask', definitions, onCluster);
    grant('ecs:TagResource', workers, whenStarting);
    grant('ecs:ListTasks', ['*'], onCluster);
    grant('ecs:DescribeTasks', workers, onCluster);
    grant('ecs:StopTask', workers, onCluster);
    for (const definition of this.definitions) definition.rolesPassedBy(launcher);
  }

  private arnOf(resource: string, resourceName: string): string {
    return Stack.of(this).formatArn({
      service: 'ecs',
      resource,
      resourceName,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
  }
}
