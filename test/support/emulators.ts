/** The embedded emulators, empty and provisioned, for one test file: DynamoDB and SQS in memory, S3 in a directory that goes with them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { startDynamoDb } from '#local/emulators/dynamodb.ts';
import { startS3 } from '#local/emulators/s3.ts';
import { startSqs } from '#local/emulators/sqs.ts';
import { type Provisioned, provision } from '#local/provision.ts';
import { dynamoDbClient, s3Client, sqsClient } from '#shared/aws/clients.ts';
import { changeEnvironment } from '#shared/env.ts';

export const TEST_REGION = 'eu-central-1';
export const TEST_CREDENTIALS = { accessKeyId: 'TESTKEY', secretAccessKey: 'test-secret' } as const;

export interface Emulators extends Provisioned {
  readonly dynamodb: DynamoDBClient;
  readonly sqs: SQSClient;
  readonly s3: S3Client;
  readonly endpoints: { readonly dynamodb: string; readonly sqs: string; readonly s3: string };
  close(): Promise<void>;
}

/**
 * Takes about a third of a second. Sets the SDK's variables in this process's environment, so that clients and handlers made afterwards
 * find the emulators as they would find AWS. What S3 itself gets wrong is thrown by `close`.
 */
export async function startEmulators(): Promise<Emulators> {
  const folder = await mkdtemp(join(tmpdir(), 'scanfleet-s3-'));
  const faults: unknown[] = [];
  const { accessKeyId } = TEST_CREDENTIALS;
  const started = await Promise.all([
    startDynamoDb(),
    startSqs(),
    startS3({
      folder,
      region: TEST_REGION,
      identities: new Map([[accessKeyId, TEST_CREDENTIALS]]),
      now: () => new Date(),
      onFault: (error) => faults.push(error),
    }),
  ]);
  const [dynamodb, sqs, s3] = started.map(({ endpoint }) => endpoint) as [string, string, string];
  changeEnvironment({
    AWS_REGION: TEST_REGION,
    AWS_ACCESS_KEY_ID: TEST_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: TEST_CREDENTIALS.secretAccessKey,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
    AWS_ENDPOINT_URL_SQS: sqs,
    AWS_ENDPOINT_URL_S3: s3,
  });
  const clients = { dynamodb: dynamoDbClient(), sqs: sqsClient(), s3: s3Client() };
  const provisioned = await provision(clients, { table: 'scanfleet-test', bucket: 'scanfleet-test' });
  return {
    ...provisioned,
    ...clients,
    endpoints: { dynamodb, sqs, s3 },
    async close() {
      for (const client of Object.values(clients)) client.destroy();
      await Promise.all(started.map((emulator) => emulator.close()));
      await rm(folder, { recursive: true, force: true });
      if (faults.length > 0) throw new AggregateError(faults, 'S3 got something wrong');
    },
  };
}
