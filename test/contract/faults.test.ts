/** Each fault of local mode as the service's own clients and adapters meet it: what they take it for, and what had happened by then. */

import {
  DeleteTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  PutItemCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { ECSClient } from '@aws-sdk/client-ecs';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Emulator } from '#local/emulators/emulator.ts';
import { type Luck, seededLuck } from '#local/faults/luck.ts';
import { messageFaults } from '#local/faults/messages.ts';
import { type ProxiedService, readFaults } from '#local/faults/plan.ts';
import { startFaultProxy } from '#local/faults/proxy.ts';
import { eventBridgeEvents } from '#shared/aws/events.ts';
import { isPassing } from '#shared/aws/job-store/persist.ts';
import { s3Results } from '#shared/aws/results.ts';
import { sqsTaskQueue } from '#shared/aws/task-queue.ts';
import { ecsWorkerLauncher } from '#shared/aws/worker-launcher.ts';
import { LimitError, UnavailableError } from '#shared/errors.ts';
import { collect } from '#shared/report/bytes.ts';
import { type Emulators, startEmulators, TEST_CREDENTIALS, TEST_REGION } from '#test/support/emulators.ts';

let emulators: Emulators;
beforeAll(async () => {
  emulators = await startEmulators();
});
afterAll(() => emulators.close());

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

const luckOf = (faults: string): Luck =>
  seededLuck(
    readFaults(`${faults},seed=1`),
    () => true,
    () => undefined,
  );

/** A way to the service on which `faults` happen. */
async function through(service: ProxiedService, endpoint: string, faults: string): Promise<string> {
  const alter = { ReceiveMessage: messageFaults(emulators.sqs, luckOf(faults)) };
  const proxy: Emulator = await startFaultProxy({ service, endpoint, luck: luckOf(faults), alter });
  open.push(proxy);
  return proxy.endpoint;
}

/** A client that asks once: what it gets is what was answered. */
const once = (endpoint: string) => ({ endpoint, region: TEST_REGION, credentials: TEST_CREDENTIALS, maxAttempts: 1 });
function kept<C extends { destroy(): void }>(client: C): C {
  open.push({ close: async () => client.destroy() });
  return client;
}

describe('DynamoDB', () => {
  const client = async (faults: string) =>
    kept(new DynamoDBClient(once(await through('dynamodb', emulators.endpoints.dynamodb, faults))));
  const put = (n: number) => ({ TableName: emulators.table, Item: { pk: { S: `P#${n}` }, sk: { S: 'S' } } });
  const isThere = async (n: number) => {
    const TransactItems = [{ ConditionCheck: { ...keyOf(n), ConditionExpression: 'attribute_exists(pk)' } }];
    return emulators.dynamodb.send(new TransactWriteItemsCommand({ TransactItems })).then(
      () => true,
      () => false,
    );
  };
  const keyOf = (n: number) => ({ TableName: emulators.table, Key: { pk: { S: `P#${n}` }, sk: { S: 'S' } } });

  it.each([
    [1, 'throttle', 'ThrottlingException', false],
    [2, 'error', 'InternalServerError', false],
    [3, 'cut', 'TimeoutError', false],
    [4, 'lost-answer', 'TimeoutError', true],
  ])('%i: after %s a write is to be repeated', async (n, fault, name, done) => {
    const failed = await (await client(`${fault}=1`)).send(new PutItemCommand(put(n))).catch((error: unknown) => error);
    expect(failed).toMatchObject(name === 'TimeoutError' ? { code: 'ECONNRESET' } : { name });
    expect(isPassing(failed)).toBe(true);
    expect(await isThere(n)).toBe(done);
  });

  it('a conflict cancels a transaction, and nothing else', async () => {
    const inConflict = await client('conflict=1');
    const TransactItems = [{ Put: put(5) }, { Put: put(6) }];
    const failed = await inConflict
      .send(new TransactWriteItemsCommand({ TransactItems }))
      .catch((error: unknown) => error);
    expect(failed).toMatchObject({
      name: 'TransactionCanceledException',
      CancellationReasons: [{ Code: 'TransactionConflict' }, { Code: 'None' }],
    });
    expect(isPassing(failed)).toBe(true);
    expect(await isThere(5)).toBe(false);
    await inConflict.send(new PutItemCommand(put(7)));
    expect(await isThere(7)).toBe(true);
  });

  it('what nothing befalls is answered as without a proxy, errors included', async () => {
    const unharmed = await client('gateway.restart');
    const { Table } = await unharmed.send(new DescribeTableCommand({ TableName: emulators.table }));
    expect(Table?.TableName).toBe(emulators.table);
    await expect(unharmed.send(new DeleteTableCommand({ TableName: 'no-such-table' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });
});

describe('SQS', () => {
  const ref = { jobId: 'job', taskId: '0001', tenant: 'acme', workerSize: 'small' as const };
  const queue = async (faults: string) => {
    const client = new SQSClient({
      ...once(await through('sqs', emulators.endpoints.sqs, faults)),
      useQueueUrlAsEndpoint: false,
    });
    return sqsTaskQueue(kept(client), emulators.queueUrls);
  };
  const receive = async (from: Awaited<ReturnType<typeof queue>>) => {
    const messages = await from.receive('small', { max: 10, waitSeconds: 0 });
    for (const { receipt } of messages) await from.remove('small', receipt);
    return messages.map(({ body }) => body);
  };
  const MESSAGE = '{"jobId":"job","taskId":"0001"}';
  const NOTHING = { visible: 0, inFlight: 0, delayed: 0 };

  it.each(['throttle', 'error', 'cut', 'lost-answer'])('after %s the queue is unavailable', async (fault) => {
    await expect((await queue(`${fault}=1`)).depth('small')).rejects.toBeInstanceOf(UnavailableError);
  });

  it('drop: a message is gone for everybody', async () => {
    const lossy = await queue('drop=1');
    await lossy.send([ref]);
    expect(await receive(lossy)).toEqual([]);
    expect(await lossy.depth('small')).toEqual(NOTHING);
  });

  it('repeat: a message comes twice, and no more', async () => {
    const repeating = await queue('repeat=1');
    await repeating.send([ref]);
    expect([await receive(repeating), await receive(repeating)]).toEqual([[MESSAGE], [MESSAGE]]);
    expect(await repeating.depth('small')).toEqual(NOTHING);
  });

  it('delay: a message does not come now, but waits', async () => {
    const late = await queue('delay=1');
    await late.send([ref]);
    expect(await receive(late)).toEqual([]);
    expect(await late.depth('small')).toEqual({ visible: 0, inFlight: 0, delayed: 1 });
  });
});

describe('S3', () => {
  const Bucket = 'scanfleet-test';
  const client = async (faults: string) =>
    kept(new S3Client({ ...once(await through('s3', emulators.endpoints.s3, faults)), forcePathStyle: true }));
  const put = (Key: string) => new PutObjectCommand({ Bucket, Key, Body: 'text' });
  const isThere = (Key: string) =>
    emulators.s3.send(new HeadObjectCommand({ Bucket, Key })).then(
      () => true,
      () => false,
    );

  it.each([
    ['throttle', { name: 'SlowDown', $metadata: { httpStatusCode: 503 } }, false],
    ['error', { name: 'InternalError', $metadata: { httpStatusCode: 500 } }, false],
    ['cut', { code: 'ECONNRESET' }, false],
    ['lost-answer', { code: 'ECONNRESET' }, true],
  ])('%s', async (fault, expected, done) => {
    const failed = await (await client(`${fault}=1`)).send(put(fault)).catch((error: unknown) => error);
    expect(failed).toMatchObject(expected);
    expect(await isThere(fault)).toBe(done);
  });

  it('slow: an object comes late and in pieces, but whole; what is large goes up unharmed', async () => {
    const body = Buffer.alloc(3 * 1024 * 1024, 'abc');
    const slow = await client('slow=1');
    await slow.send(new PutObjectCommand({ Bucket, Key: 'large', Body: body }));
    const { Body } = await slow.send(new GetObjectCommand({ Bucket, Key: 'large' }));
    expect(body.equals(Buffer.from((await Body?.transformToByteArray()) ?? []))).toBe(true);
  });

  it('a read goes on through all of it', async () => {
    const body = Buffer.alloc(100_000, 'xyz');
    await s3Results(emulators.s3, Bucket).write('read', body, 'text/plain');
    const results = s3Results(await client('throttle=0.3,error=0.3,cut=0.3'), Bucket);
    expect(body.equals(await collect(results.read('read')))).toBe(true);
  });
});

/** Never reached: each of these calls is refused before. */
const NOWHERE = 'http://127.0.0.1:9';

describe('ECS', () => {
  const place = {
    cluster: 'scanfleet',
    taskDefinitions: { small: 'small', large: 'large' },
    subnets: ['subnet-1'],
    securityGroups: ['sg-1'],
    publicAddresses: 'ENABLED' as const,
  };
  const launcher = async (faults: string) =>
    ecsWorkerLauncher(kept(new ECSClient(once(await through('ecs', NOWHERE, faults)))), place);
  const LAUNCH = { size: 'small', name: 'small-1-1', capacity: 'spot' } as const;

  it('a launch too many is put off', async () => {
    await expect((await launcher('throttle=1')).launch(LAUNCH)).rejects.toBeInstanceOf(LimitError);
  });

  it('where there is no room the launch is refused with the reason', async () => {
    expect(await (await launcher('refuse=1')).launch(LAUNCH)).toBe('RESOURCE:CPU');
  });

  it.each(['throttle', 'error', 'cut'])('after %s the list of workers is unavailable', async (fault) => {
    await expect((await launcher(`${fault}=1`)).list('small')).rejects.toBeInstanceOf(UnavailableError);
  });
});

describe('EventBridge', () => {
  it.each(['throttle', 'error', 'cut'])('after %s the bus is unavailable', async (fault) => {
    const client = kept(new EventBridgeClient(once(await through('events', NOWHERE, `${fault}=1`))));
    const submitted = { jobId: 'j', tenant: 'acme', traceId: 't', workerSizes: ['small' as const] };
    await expect(eventBridgeEvents(client, 'scanfleet').jobSubmitted(submitted)).rejects.toBeInstanceOf(
      UnavailableError,
    );
  });
});
