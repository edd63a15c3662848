import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { tellingSlowCalls } from '#shared/aws/slow-calls.ts';
import { captureLog } from '#test/support/log-lines.ts';

const SETTINGS = { region: 'eu-central-1', credentials: { accessKeyId: 'A', secretAccessKey: 'S' } };
const READ = new GetItemCommand({ TableName: 'jobs', Key: { pk: { S: 'x' } } });

let lines: Record<string, unknown>[];
beforeEach(() => {
  lines = captureLog().lines;
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => vi.useRealTimers());

/** Its service answers after so long, or fails with what is thrown. */
function answeringAfter<C extends DynamoDBClient | SQSClient>(client: C, ms: number, thrown?: Error): C {
  (client as DynamoDBClient).middlewareStack.add(
    () => async () => {
      vi.advanceTimersByTime(ms);
      if (thrown) throw thrown;
      return { response: {}, output: { $metadata: { attempts: 2, requestId: 'R1' } } };
    },
    { step: 'serialize', priority: 'high' },
  );
  return tellingSlowCalls(client);
}

it('tells of a call that took a second, with how often it was tried and its request id', async () => {
  await answeringAfter(new DynamoDBClient(SETTINGS), 1_000).send(READ);
  expect(lines).toEqual([
    expect.objectContaining({
      level: 'WARN',
      message: 'slow AWS call',
      client: 'DynamoDBClient',
      command: 'GetItemCommand',
      ms: 1_000,
      attempts: 2,
      awsRequestId: 'R1',
    }),
  ]);
});

it('tells of a slow one that failed, and lets it fail', async () => {
  const thrown = Object.assign(new Error('busy'), { $metadata: { attempts: 4 } });
  await expect(answeringAfter(new DynamoDBClient(SETTINGS), 3_000, thrown).send(READ)).rejects.toBe(thrown);
  expect(lines).toEqual([expect.objectContaining({ ms: 3_000, attempts: 4, error: expect.anything() })]);
});

it.each([
  ['one that was quick', () => answeringAfter(new DynamoDBClient(SETTINGS), 999).send(READ)],
  [
    'a long poll',
    () => answeringAfter(new SQSClient(SETTINGS), 20_000).send(new ReceiveMessageCommand({ QueueUrl: 'https://q' })),
  ],
])('is silent about %s', async (_what, send) => {
  await send();
  expect(lines).toEqual([]);
});
