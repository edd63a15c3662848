import { GetQueueAttributesCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sqsTaskQueue } from '#shared/aws/task-queue.ts';
import { UnavailableError } from '#shared/errors.ts';
import type { WorkerSize } from '#shared/scanner/definition.ts';
import type { TaskQueue } from '#shared/task/queue.ts';
import type { TaskRef } from '#shared/task/task.ts';
import { type Emulators, startEmulators } from '#test/support/emulators.ts';

const ref = (n: number, workerSize: WorkerSize = 'small', tenant = 'acme'): TaskRef => ({
  jobId: 'job',
  taskId: String(n).padStart(4, '0'),
  tenant,
  workerSize,
});
const refs = (count: number) => Array.from({ length: count }, (_, n) => ref(n + 1));

describe('on SQS', () => {
  let emulators: Emulators;
  let queue: TaskQueue;
  beforeAll(async () => {
    emulators = await startEmulators();
    queue = sqsTaskQueue(emulators.sqs, emulators.queueUrls);
  });
  afterAll(() => emulators.close());

  const takeAll = async (size: WorkerSize) => {
    const taken: string[] = [];
    for (;;) {
      const messages = await queue.receive(size, { max: 10, waitSeconds: 0 });
      if (messages.length === 0) return taken;
      taken.push(...messages.map(({ body }) => body));
      for (const { receipt } of messages) await queue.remove(size, receipt);
    }
  };

  it('carries a message for each task, to the queue of its size', async () => {
    await queue.send([ref(1), ref(2, 'large'), ref(3)]);
    expect(await takeAll('large')).toEqual(['{"jobId":"job","taskId":"0002"}']);
    expect((await takeAll('small')).toSorted()).toEqual([
      '{"jobId":"job","taskId":"0001"}',
      '{"jobId":"job","taskId":"0003"}',
    ]);
  });

  it('carries more than one batch holds', async () => {
    await queue.send(refs(23));
    expect(new Set(await takeAll('small')).size).toBe(23);
  });

  it('sends nothing for no tasks', async () => {
    await queue.send([]);
    expect(await queue.depth('small')).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  });

  it('holds a delayed message back, and counts it so', async () => {
    await queue.send([ref(1)], 0.2);
    expect(await queue.depth('small')).toEqual({ visible: 0, inFlight: 0, delayed: 1 });
    const messages = await queue.receive('small', { max: 1, waitSeconds: 5 });
    expect(messages).toMatchObject([{ receiveCount: 1 }]);
    expect(await queue.depth('small')).toEqual({ visible: 0, inFlight: 1, delayed: 0 });
    await queue.remove('small', messages[0]?.receipt ?? '');
    expect(await queue.depth('small')).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  });

  it('a poll that is given up ends at once, empty, and takes no later message', async () => {
    const stop = new AbortController();
    const polling = queue.receive('small', { max: 10, waitSeconds: 20, signal: stop.signal });
    await queue.depth('small'); // By now the poll has arrived, too.
    stop.abort();
    expect(await polling).toEqual([]);
    expect(await queue.receive('small', { max: 10, waitSeconds: 20, signal: stop.signal })).toEqual([]);
    await queue.send([ref(1)], 1);
    const poll = () => queue.receive('small', { max: 1, waitSeconds: 5 });
    const first = await poll();
    const messages = first.length > 0 ? first : await poll(); // fauxqs wakes every poll for one message.
    expect(messages.map(({ body }) => body)).toEqual(['{"jobId":"job","taskId":"0001"}']);
    await queue.remove('small', messages[0]?.receipt ?? '');
  });

  it('each queue has a dead-letter queue that takes over after five receives', async () => {
    for (const size of ['small', 'large'] as const) {
      const command = (QueueUrl: string, name: 'QueueArn' | 'RedrivePolicy') =>
        emulators.sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [name] }));
      const { Attributes: dead } = await command(emulators.deadLetterUrls[size], 'QueueArn');
      const { Attributes } = await command(emulators.queueUrls[size], 'RedrivePolicy');
      expect(JSON.parse(Attributes?.RedrivePolicy ?? '')).toEqual({
        deadLetterTargetArn: dead?.QueueArn,
        maxReceiveCount: 5,
      });
    }
  });

  it('a poll may be silent for longer than any other call', async () => {
    const hasty = new SQSClient({
      useQueueUrlAsEndpoint: false,
      maxAttempts: 1,
      requestHandler: { requestTimeout: 500, throwOnRequestTimeout: true },
    });
    const polling = sqsTaskQueue(hasty, emulators.queueUrls).receive('large', { max: 1, waitSeconds: 1 });
    expect(await polling).toEqual([]);
    hasty.destroy();
  });

  it('a queue that does not exist is no passing trouble', async () => {
    const lost = sqsTaskQueue(emulators.sqs, { small: `${emulators.queueUrls.small}-not`, large: 'x' });
    await expect(lost.send([ref(1)])).rejects.toMatchObject({ name: 'QueueDoesNotExist' });
  });
});

describe('when SQS does only a part', () => {
  const urls = { small: 'https://sqs.example/small', large: 'https://sqs.example/large' };
  const client = new SQSClient({ region: 'eu-central-1' });
  const sqs = mockClient(client);
  const queue = sqsTaskQueue(client, urls);
  const failed = (...ids: number[]) => ({
    Successful: [],
    Failed: ids.map((id) => ({ Id: String(id), Code: 'InternalError', Message: 'oops', SenderFault: false })),
  });
  const down = Object.assign(new Error('oops'), { name: 'InternalError', $metadata: { httpStatusCode: 500 } });
  const bodies = () =>
    sqs
      .commandCalls(SendMessageBatchCommand)
      .map(({ args }) => args[0].input.Entries?.map(({ MessageBody }) => JSON.parse(MessageBody ?? '').taskId));

  it('sends again only what failed, and groups by tenant', async () => {
    sqs.reset();
    sqs.on(SendMessageBatchCommand).resolvesOnce(failed(0, 2)).resolvesOnce(failed(1)).resolves(failed());
    await queue.send([ref(1), ref(2), ref(3, 'small', 'globex')], 1_000_000);
    expect(bodies()).toEqual([['0001', '0002', '0003'], ['0001', '0003'], ['0003']]);
    expect(sqs.commandCalls(SendMessageBatchCommand)[2]?.args[0].input.Entries).toMatchObject([
      { MessageGroupId: 'globex', DelaySeconds: 900 },
    ]);
  });

  it('sends a whole batch again that got no answer', async () => {
    sqs.reset();
    sqs.on(SendMessageBatchCommand).rejectsOnce(down).resolves(failed());
    await queue.send(refs(2));
    expect(bodies()).toEqual([
      ['0001', '0002'],
      ['0001', '0002'],
    ]);
  });

  it('gives up after three tries and says how many were not sent; the other batches are', async () => {
    sqs.reset();
    sqs.on(SendMessageBatchCommand, { QueueUrl: urls.small }).resolves(failed(0));
    sqs.on(SendMessageBatchCommand, { QueueUrl: urls.large }).resolves(failed());
    const sending = queue.send([ref(1), ref(2), ref(3, 'large')]);
    await expect(sending).rejects.toThrow(UnavailableError);
    await expect(sending).rejects.toThrow('1 of 3 messages were not sent: InternalError: oops');
    expect(bodies().filter((ids) => ids?.includes('0001'))).toHaveLength(3);
    expect(bodies()).toContainEqual(['0003']);
  });
});
