/** Makes the table, the queues and the bucket on whatever endpoints it is given, from the definitions that infra uses too. Again: nothing. */
import {
  CreateTableCommand,
  type DynamoDBClient,
  ResourceInUseException,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { BucketAlreadyOwnedByYou, CreateBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import {
  DEAD_LETTER_RETENTION_SECONDS,
  MAX_RECEIVE_COUNT,
  type QueueDefinition,
  RETENTION_SECONDS,
  TASK_QUEUES,
  VISIBILITY_SECONDS,
} from '#shared/aws/queues.ts';
import { TABLE } from '#shared/aws/table.ts';
import { verifyTable } from '#shared/aws/verify-table.ts';
import type { WorkerSize } from '#shared/scanner/definition.ts';

export interface ProvisionDeps {
  readonly dynamodb: DynamoDBClient;
  readonly sqs: SQSClient;
  readonly s3: S3Client;
}

export interface Provisioned {
  readonly table: string;
  readonly bucket: string;
  readonly queueUrls: Readonly<Record<WorkerSize, string>>;
  readonly deadLetterUrls: Readonly<Record<WorkerSize, string>>;
}

const TABLE_WAIT_SECONDS = 60;

export async function provision(
  { dynamodb, sqs, s3 }: ProvisionDeps,
  { table, bucket }: { readonly table: string; readonly bucket: string },
): Promise<Provisioned> {
  const [queues] = await Promise.all([
    Promise.all(TASK_QUEUES.map((definition) => createQueues(sqs, definition))),
    createTable(dynamodb, table),
    createBucket(s3, bucket),
  ]);
  const urls = (of: 'url' | 'deadLetterUrl') =>
    Object.fromEntries(queues.map((queue) => [queue.size, queue[of]])) as Record<WorkerSize, string>;
  return { table, bucket, queueUrls: urls('url'), deadLetterUrls: urls('deadLetterUrl') };
}

/** One that is there already must be the one that is needed: otherwise SchemaVersionError `table_mismatch`. */
export async function createTable(client: DynamoDBClient, name: string): Promise<void> {
  const keys = (partitionKey: string, sortKey: string) => [
    { AttributeName: partitionKey, KeyType: 'HASH' as const },
    { AttributeName: sortKey, KeyType: 'RANGE' as const },
  ];
  const attributes = new Set([TABLE, ...TABLE.indexes].flatMap(({ partitionKey, sortKey }) => [partitionKey, sortKey]));
  try {
    await client.send(
      new CreateTableCommand({
        TableName: name,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: Array.from(attributes, (attribute) => ({
          AttributeName: attribute,
          AttributeType: 'S' as const,
        })),
        KeySchema: keys(TABLE.partitionKey, TABLE.sortKey),
        GlobalSecondaryIndexes: TABLE.indexes.map((index) => ({
          IndexName: index.name,
          KeySchema: keys(index.partitionKey, index.sortKey),
          Projection: { ProjectionType: TABLE.projection },
        })),
      }),
    );
  } catch (error) {
    if (error instanceof ResourceInUseException) return verifyTable(client, name);
    throw error;
  }
  await waitUntilTableExists({ client, maxWaitTime: TABLE_WAIT_SECONDS, minDelay: 1 }, { TableName: name });
  await client.send(
    new UpdateTimeToLiveCommand({
      TableName: name,
      TimeToLiveSpecification: { AttributeName: TABLE.ttlAttribute, Enabled: true },
    }),
  );
}

async function createQueues(client: SQSClient, { size, name, deadLetterName }: QueueDefinition) {
  const deadLetterUrl = await createQueue(client, deadLetterName, {
    MessageRetentionPeriod: String(DEAD_LETTER_RETENTION_SECONDS),
  });
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: deadLetterUrl, AttributeNames: ['QueueArn'] }),
  );
  const url = await createQueue(client, name, {
    VisibilityTimeout: String(VISIBILITY_SECONDS),
    MessageRetentionPeriod: String(RETENTION_SECONDS),
    RedrivePolicy: JSON.stringify({
      deadLetterTargetArn: Attributes?.QueueArn,
      maxReceiveCount: MAX_RECEIVE_COUNT,
    }),
  });
  return { size, url, deadLetterUrl };
}

async function createQueue(client: SQSClient, name: string, attributes: Record<string, string>): Promise<string> {
  const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }));
  if (QueueUrl === undefined) throw new TypeError(`SQS gave no URL for ${name}`);
  return QueueUrl;
}

async function createBucket(client: S3Client, name: string): Promise<void> {
  try {
    await client.send(new CreateBucketCommand({ Bucket: name }));
  } catch (error) {
    if (!(error instanceof BucketAlreadyOwnedByYou)) throw error;
  }
}
