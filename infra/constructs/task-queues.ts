/** Tasks waiting for a worker, a queue for each worker size, and the dead letters behind it. A message is only a wake-up: the lease in the table decides. */
import { Duration } from 'aws-cdk-lib';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import {
  DEAD_LETTER_RETENTION_SECONDS,
  MAX_RECEIVE_COUNT,
  RETENTION_SECONDS,
  VISIBILITY_SECONDS,
} from '#shared/aws/queues.ts';
import type { WorkerSize } from '#shared/scanner/definition.ts';

export class TaskQueues extends Construct {
  readonly variables: { readonly TASK_QUEUE_URL_SMALL: string; readonly TASK_QUEUE_URL_LARGE: string };
  private readonly queues: Readonly<Record<WorkerSize, Queue>>;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.queues = { small: this.queueOf('Small'), large: this.queueOf('Large') };
    this.variables = {
      TASK_QUEUE_URL_SMALL: this.queues.small.queueUrl,
      TASK_QUEUE_URL_LARGE: this.queues.large.queueUrl,
    };
  }

  private queueOf(name: string): Queue {
    const common = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true };
    const deadLetters = new Queue(this, `${name}DeadLetters`, {
      ...common,
      retentionPeriod: Duration.seconds(DEAD_LETTER_RETENTION_SECONDS),
    });
    return new Queue(this, name, {
      ...common,
      visibilityTimeout: Duration.seconds(VISIBILITY_SECONDS),
      retentionPeriod: Duration.seconds(RETENTION_SECONDS),
      deadLetterQueue: { queue: deadLetters, maxReceiveCount: MAX_RECEIVE_COUNT },
    });
  }

  /** A job of one size may release tasks of the other: who feeds, feeds both. */
  fedBy(sender: IGrantable): void {
    for (const queue of Object.values(this.queues)) queue.grant(sender, 'sqs:SendMessage');
  }

  watchedBy(watcher: IGrantable): void {
    for (const queue of Object.values(this.queues)) queue.grant(watcher, 'sqs:GetQueueAttributes');
  }

  emptiedBy(worker: IGrantable, size: WorkerSize): void {
    this.queues[size].grant(worker, 'sqs:ReceiveMessage', 'sqs:DeleteMessage');
  }
}
