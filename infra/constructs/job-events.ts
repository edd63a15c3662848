/** The event bus and the clock. An event is a hint: what it starts, the schedules start too, or the caller asks for again. */
import { Duration } from 'aws-cdk-lib';
import { EventBus, Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { EVENT_SOURCE, type EventType } from '#shared/names.ts';
import type { NodeFunction } from './node-function.ts';

export class JobEvents extends Construct {
  readonly variables: { readonly EVENT_BUS: string };
  private readonly bus: EventBus;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.bus = new EventBus(this, 'Bus');
    this.variables = { EVENT_BUS: this.bus.eventBusName };
  }

  sentBy(sender: IGrantable): void {
    this.bus.grantPutEventsTo(sender);
  }

  /** Runs `follower` for each event of a type, or those whose detail is as `detail` says; tried again for an hour. */
  on(type: EventType, follower: NodeFunction, detail?: Readonly<Record<string, readonly string[]>>): void {
    new Rule(this, `${type}-${follower.node.id}`, {
      eventBus: this.bus,
      eventPattern: { source: [EVENT_SOURCE], detailType: [type], ...(detail === undefined ? {} : { detail }) },
      targets: [new LambdaFunction(follower.lambda, { maxEventAge: Duration.hours(1) })],
    });
  }

  /** A missed minute is made up by the next: nothing is tried again. EventBridge has no finer clock. */
  everyMinute(follower: NodeFunction): void {
    new Rule(this, `Minute-${follower.node.id}`, {
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(follower.lambda, { retryAttempts: 0, maxEventAge: Duration.minutes(1) })],
    });
  }
}
