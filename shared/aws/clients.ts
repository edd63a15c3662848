/**
 * The SDK clients as this service wants them: one function each, for entry files. Region and endpoints come from the environment by the
 * SDK's own rules (AWS_REGION, AWS_ENDPOINT_URL_SQS, …), and so do credentials, unless they are given. The SDK keeps connections alive by
 * itself.
 */
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { ECSClient } from '@aws-sdk/client-ecs';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { environment } from '../env.ts';

/** Of one principal: a worker's, which are not in its environment. */
export type Credentials = NonNullable<DynamoDBClientConfig['credentials']>;

/** A dead connection shows soon, an answer may take its time: the SDK's own default is to wait for ever. */
const CONNECTION_TIMEOUT_MS = 2_000;
const handler = (requestTimeout: number, maxSockets = 50) => ({
  connectionTimeout: CONNECTION_TIMEOUT_MS,
  requestTimeout,
  throwOnRequestTimeout: true,
  httpAgent: { keepAlive: true, maxSockets },
  httpsAgent: { keepAlive: true, maxSockets },
});

/** Answers come in milliseconds: a slow one is asked again before a Lambda's 29 s are used up. */
export const dynamoDbClient = (credentials?: Credentials): DynamoDBClient =>
  new DynamoDBClient({ credentials, maxAttempts: 4, requestHandler: handler(3_000, 200) });

/** A long poll is silent for up to 20 s. Queue URLs may name a host that only the queue's own network knows: the endpoint counts. */
export const sqsClient = (credentials?: Credentials): SQSClient =>
  new SQSClient({ credentials, maxAttempts: 3, useQueueUrlAsEndpoint: false, requestHandler: handler(25_000) });

/** A transfer in which nothing moves is over, and goes on in a new connection (see results.ts); the SDK would wait for ever. */
const STALLED_MS = 60_000;

/**
 * Uploads carry a CRC-32 that S3 checks, the SDK's default. Downloads are not checked a second time: what is read has its own check
 * (gzip's CRC, a stored SHA-256), and a read that resumes cannot be checked as a whole. Another endpoint than Amazon's may lack a name
 * for each bucket, so it is addressed by path.
 */
export const s3Client = (credentials?: Credentials): S3Client =>
  new S3Client({
    credentials,
    maxAttempts: 4,
    responseChecksumValidation: 'WHEN_REQUIRED',
    forcePathStyle: environment().AWS_ENDPOINT_URL_S3 !== undefined,
    requestHandler: { ...handler(30_000), socketTimeout: STALLED_MS },
  });

/** RunTask is throttled by design (see worker-launcher.ts): the SDK tries seldom, the next minute tries again. */
export const ecsClient = (): ECSClient => new ECSClient({ maxAttempts: 3, requestHandler: handler(10_000) });

export const eventBridgeClient = (credentials?: Credentials): EventBridgeClient =>
  new EventBridgeClient({ credentials, maxAttempts: 3, requestHandler: handler(3_000) });
