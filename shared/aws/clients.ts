/**
 * The SDK clients as this service wants them: one function each, for entry files. Region and endpoints come from the environment by the
 * SDK's own rules (AWS_REGION, AWS_ENDPOINT_URL_SQS, …), and so do credentials, unless they are given. The SDK keeps connections alive by
 * itself.
 *
 * A function has 29 s to answer (API Gateway's limit for what is not streamed), so that a service which stays silent must have been given
 * up before. What that takes at most, with the tries of our own around the SDK's:
 *
 *   DynamoDB      a try that begins within 15 s and a pause of 1 s (job-store/persist.ts), 2 × 3 s     22 s
 *   SQS           sending: 3 tries of 2 × 4 s (task-queue.ts); the rest 2 × 4 s                        24 s
 *   S3            reading: a try that begins within 8 s, 4 × 4 s; small writes: 4 × 6 s (results.ts)   24 s
 *   ECS           3 × 8 s                                                                              24 s
 *   EventBridge   3 × 3 s                                                                               9 s
 *   KMS           3 × 3 s                                                                               9 s
 *
 * The SDK's own pauses, some hundred ms each, are what is left. A worker lives by its lease and tries again itself.
 */
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { ECSClient } from '@aws-sdk/client-ecs';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { XRayClient } from '@aws-sdk/client-xray';
import { environment } from '../env.ts';
import { tellingSlowCalls } from './slow-calls.ts';

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

/** Answers come in milliseconds. The store tries again by itself: the SDK's second attempt is for what it alone can mend, as a clock that is off. */
export const dynamoDbClient = (credentials?: Credentials): DynamoDBClient =>
  tellingSlowCalls(new DynamoDBClient({ credentials, maxAttempts: 2, requestHandler: handler(3_000, 200) }));

/** A long poll asks for more time (task-queue.ts). Queue URLs may name a host that only the queue's own network knows: the endpoint counts. */
export const sqsClient = (credentials?: Credentials): SQSClient =>
  tellingSlowCalls(
    new SQSClient({ credentials, maxAttempts: 2, useQueueUrlAsEndpoint: false, requestHandler: handler(4_000) }),
  );

/** A transfer in which nothing moves is over, and goes on in a new connection (see results.ts); the SDK would wait for ever. */
const STALLED_MS = 60_000;

/**
 * The 30 s are for a part of an upload; whatever moves little is given less (results.ts). Uploads carry a CRC-32 that S3 checks, the
 * SDK's default. Downloads are not checked a second time: what is read has its own check (gzip's CRC, a stored SHA-256), and a read that
 * resumes cannot be checked as a whole. Another endpoint than Amazon's may lack a name for each bucket, so it is addressed by path.
 */
export const s3Client = (credentials?: Credentials): S3Client =>
  tellingSlowCalls(
    new S3Client({
      credentials,
      maxAttempts: 4,
      responseChecksumValidation: 'WHEN_REQUIRED',
      forcePathStyle: environment().AWS_ENDPOINT_URL_S3 !== undefined,
      requestHandler: { ...handler(30_000), socketTimeout: STALLED_MS },
    }),
  );

/** RunTask is throttled by design (see worker-launcher.ts): the SDK tries seldom, the next minute tries again. */
export const ecsClient = (): ECSClient =>
  tellingSlowCalls(new ECSClient({ maxAttempts: 3, requestHandler: handler(8_000) }));

export const eventBridgeClient = (credentials?: Credentials): EventBridgeClient =>
  tellingSlowCalls(new EventBridgeClient({ credentials, maxAttempts: 3, requestHandler: handler(3_000) }));

export const kmsClient = (): KMSClient =>
  tellingSlowCalls(new KMSClient({ maxAttempts: 3, requestHandler: handler(3_000) }));

/** A picture that came late is worth no second try, and no work waits for it. */
export const xrayClient = (credentials?: Credentials): XRayClient =>
  tellingSlowCalls(new XRayClient({ credentials, maxAttempts: 1, requestHandler: handler(3_000) }));

/** For workers, which are in no hurry. */
export const secretsManagerClient = (credentials?: Credentials): SecretsManagerClient =>
  tellingSlowCalls(new SecretsManagerClient({ credentials, maxAttempts: 4, requestHandler: handler(8_000) }));
