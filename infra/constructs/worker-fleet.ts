/** What dispatch-workers starts: a cluster that is empty while nothing runs, and a task definition for each worker size. */
import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { type CfnCluster, Cluster } from 'aws-cdk-lib/aws-ecs';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Env as DispatchWorkersEnv } from '#functions/dispatch-workers/env.ts';
import { ECS_EVENT } from '#shared/names.ts';
import type { Foundation } from '../foundation.ts';
import type { NodeFunction } from './node-function.ts';
import { WorkerDefinition } from './worker-definition.ts';
import { workerImage } from './worker-image.ts';
import { WorkerNetwork } from './worker-network.ts';

type FleetVariables = Readonly<Record<Extract<keyof DispatchWorkersEnv, `WORKER_${string}`>, string>>;

export class WorkerFleet extends Construct {
  readonly variables: FleetVariables;
  private readonly cluster: Cluster;
  private readonly definitions: readonly WorkerDefinition[];

  constructor(scope: Construct, id: string, foundation: Foundation) {
    super(scope, id);
    const image = workerImage(this, foundation.settings);
    const network = new WorkerNetwork(this, 'Network', foundation.settings);
    this.cluster = new Cluster(this, 'Cluster', { vpc: network.vpc });
    // On the cluster itself: CDK's own way makes a second resource, which not every emulator of CloudFormation knows.
    (this.cluster.node.defaultChild as CfnCluster).capacityProviders = ['FARGATE', 'FARGATE_SPOT'];
    const small = new WorkerDefinition(this, 'Small', { size: 'small', image, foundation });
    const large = new WorkerDefinition(this, 'Large', { size: 'large', image, foundation });
    this.definitions = [small, large];
    this.variables = {
      ...network.variables,
      WORKER_CLUSTER: this.cluster.clusterName,
      WORKER_TASK_DEFINITION_SMALL: small.family,
      WORKER_TASK_DEFINITION_LARGE: large.family,
    };
  }

  /**
   * Starts workers of our definitions on our cluster, with the definitions' tags, sees what runs there, and stops what does not start.
   */
  launchedBy(launcher: IGrantable): void {
    const onCluster = { ArnEquals: { 'ecs:cluster': this.cluster.clusterArn } };
    const whenStarting = { StringEquals: { 'ecs:CreateAction': 'RunTask' } };
    const definitions = this.definitions.map(({ family }) => this.arnOf('task-definition', `${family}:*`));
    const workers = [this.arnOf('task', `${this.cluster.clusterName}/*`)];
    const grant = (action: string, resourceArns: string[], conditions: Record<string, Record<string, unknown>>) =>
      Grant.addToPrincipal({ grantee: launcher, actions: [action], resourceArns, conditions });
    this.watchedBy(launcher);
    grant('ecs:RunTask', definitions, onCluster);
    grant('ecs:TagResource', workers, whenStarting);
    grant('ecs:StopTask', workers, onCluster);
    for (const definition of this.definitions) definition.rolesPassedBy(launcher);
  }

  /** ListTasks knows no narrower resource than its condition (Service Authorization Reference, "Amazon Elastic Container Service"). */
  watchedBy(watcher: IGrantable): void {
    const conditions = { ArnEquals: { 'ecs:cluster': this.cluster.clusterArn } };
    const workers = this.arnOf('task', `${this.cluster.clusterName}/*`);
    Grant.addToPrincipal({ grantee: watcher, actions: ['ecs:ListTasks'], resourceArns: ['*'], conditions });
    Grant.addToPrincipal({ grantee: watcher, actions: ['ecs:DescribeTasks'], resourceArns: [workers], conditions });
  }

  /** Runs each follower when a worker has stopped; tried again for an hour. */
  onStopped(...followers: readonly NodeFunction[]): void {
    new Rule(this, 'Stopped', {
      eventPattern: {
        source: [ECS_EVENT.source],
        detailType: [ECS_EVENT.type],
        detail: { clusterArn: [this.cluster.clusterArn], lastStatus: ['STOPPED'] },
      },
      targets: followers.map(({ lambda }) => new LambdaFunction(lambda, { maxEventAge: Duration.hours(1) })),
    });
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
