/** Tasks waiting for a worker, a queue for each worker size, and the dead letters behind it. A message is only a wake-up: the lease in the table decides. */
import { Duration } from 'aws-cdk-lib';
import { type Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
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

interface TaskQueue {
  readonly queue: Queue;
  readonly deadLetters: Queue;
}

export class TaskQueues extends Construct {
  readonly variables: { readonly TASK_QUEUE_URL_SMALL: string; readonly TASK_QUEUE_URL_LARGE: string };
  readonly deadLetterVariables: {
    readonly DEAD_LETTER_QUEUE_URL_SMALL: string;
    readonly DEAD_LETTER_QUEUE_URL_LARGE: string;
  };
  private readonly queues: Readonly<Record<WorkerSize, TaskQueue>>;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const small = this.queueOf('Small');
    const large = this.queueOf('Large');
    this.queues = { small, large };
    this.variables = {
      TASK_QUEUE_URL_SMALL: small.queue.queueUrl,
      TASK_QUEUE_URL_LARGE: large.queue.queueUrl,
    };
    this.deadLetterVariables = {
      DEAD_LETTER_QUEUE_URL_SMALL: small.deadLetters.queueUrl,
      DEAD_LETTER_QUEUE_URL_LARGE: large.deadLetters.queueUrl,
    };
  }

  private queueOf(name: string): TaskQueue {
    const common = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true };
    const deadLetters = new Queue(this, `${name}DeadLetters`, {
      ...common,
      retentionPeriod: Duration.seconds(DEAD_LETTER_RETENTION_SECONDS),
    });
    const queue = new Queue(this, name, {
      ...common,
      visibilityTimeout: Duration.seconds(VISIBILITY_SECONDS),
      retentionPeriod: Duration.seconds(RETENTION_SECONDS),
      deadLetterQueue: { queue: deadLetters, maxReceiveCount: MAX_RECEIVE_COUNT },
    });
    return { queue, deadLetters };
  }

  /** At its highest in five minutes, of each size. */
  measured(what: 'waiting' | 'oldestSeconds' | 'deadLetters'): Metric[] {
    const highest = { statistic: Stats.MAXIMUM, period: Duration.minutes(5) };
    return Object.entries(this.queues).map(([size, { queue, deadLetters }]) => {
      if (what === 'oldestSeconds') return queue.metricApproximateAgeOfOldestMessage({ ...highest, label: size });
      const counted = what === 'waiting' ? queue : deadLetters;
      return counted.metricApproximateNumberOfMessagesVisible({ ...highest, label: size });
    });
  }

  /** A job of one size may release tasks of the other: who feeds, feeds both. */
  fedBy(sender: IGrantable): void {
    for (const { queue } of Object.values(this.queues)) queue.grant(sender, 'sqs:SendMessage');
  }

  watchedBy(watcher: IGrantable): void {
    for (const { queue } of Object.values(this.queues)) queue.grant(watcher, 'sqs:GetQueueAttributes');
  }

  emptiedBy(worker: IGrantable, size: WorkerSize): void {
    this.queues[size].queue.grant(worker, 'sqs:ReceiveMessage', 'sqs:DeleteMessage');
  }

  /** What workers received too often. */
  deadLettersEmptiedBy(sweeper: IGrantable): void {
    for (const { deadLetters } of Object.values(this.queues))
      deadLetters.grant(sweeper, 'sqs:ReceiveMessage', 'sqs:DeleteMessage');
  }
}
