/** The task queues on SQS. */
import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { TaskMessage } from '../contracts/events.ts';
import { UnavailableError } from '../errors.ts';
import { WORKER_SIZES, type WorkerSize } from '../scanner/definition.ts';
import type { ReceivedMessage, TaskQueue } from '../task/queue.ts';
import type { TaskRef } from '../task/task.ts';
import { backoff } from './backoff.ts';
import { isTransient, unavailable } from './failure.ts';

/** SQS API reference: entries of a batch; the longest delay of a message. */
const BATCH_SIZE = 10;
const MAX_DELAY_SECONDS = 900;
const MAX_TRIES = 3;
/** Beyond the time a poll may be silent, for its answer to arrive. */
const POLL_MARGIN_SECONDS = 5;

const UNAVAILABLE = 'task_queue_unavailable';

export function sqsTaskQueue(client: SQSClient, urls: Readonly<Record<WorkerSize, string>>): TaskQueue {
  return {
    async send(refs, delaySeconds = 0) {
      const batches = WORKER_SIZES.flatMap((size) => {
        const entries = refs.filter((ref) => ref.workerSize === size).map((ref) => entryOf(ref, delaySeconds));
        return chunks(entries).map((batch) => sendBatch(client, urls[size], batch));
      });
      const unsent = (await Promise.all(batches)).flat();
      if (unsent.length === 0) return;
      const [first] = unsent;
      const message = `${unsent.length} of ${refs.length} messages were not sent: ${first?.why}`;
      throw new UnavailableError(UNAVAILABLE, message, { cause: first?.cause });
    },

    async receive(size, { max, waitSeconds, signal }) {
      const command = new ReceiveMessageCommand({
        QueueUrl: urls[size],
        MaxNumberOfMessages: max,
        WaitTimeSeconds: waitSeconds,
        MessageSystemAttributeNames: ['ApproximateReceiveCount'],
      });
      const requestTimeout = (waitSeconds + POLL_MARGIN_SECONDS) * 1_000;
      const answer = await client
        .send(command, { requestTimeout, ...(signal ? { abortSignal: signal } : {}) })
        .catch((error: unknown) =>
          signal?.aborted ? undefined : unavailable(UNAVAILABLE, 'receiving messages')(error),
        );
      return (answer?.Messages ?? []).map(
        ({ Body = '', ReceiptHandle = '', Attributes }): ReceivedMessage => ({
          body: Body,
          receipt: ReceiptHandle,
          receiveCount: Number(Attributes?.ApproximateReceiveCount ?? 1),
        }),
      );
    },

    async remove(size, receipt) {
      await client
        .send(new DeleteMessageCommand({ QueueUrl: urls[size], ReceiptHandle: receipt }))
        .catch(unavailable(UNAVAILABLE, 'deleting a message'));
    },

    async depth(size) {
      const command = new GetQueueAttributesCommand({
        QueueUrl: urls[size],
        AttributeNames: [
          'ApproximateNumberOfMessages',
          'ApproximateNumberOfMessagesNotVisible',
          'ApproximateNumberOfMessagesDelayed',
        ],
      });
      const { Attributes = {} } = await client.send(command).catch(unavailable(UNAVAILABLE, 'reading the depth'));
      return {
        visible: Number(Attributes.ApproximateNumberOfMessages ?? 0),
        inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
        delayed: Number(Attributes.ApproximateNumberOfMessagesDelayed ?? 0),
      };
    },
  };
}

type Entry = Omit<SendMessageBatchRequestEntry, 'Id'>;

/** The tenant groups messages, so that one with many tasks does not hold up the others (SQS fair queues). */
function entryOf({ jobId, taskId, tenant }: TaskRef, delaySeconds: number): Entry {
  const message: TaskMessage = { jobId, taskId };
  const DelaySeconds = Math.min(MAX_DELAY_SECONDS, Math.ceil(delaySeconds));
  return { MessageBody: JSON.stringify(message), MessageGroupId: tenant, DelaySeconds };
}

const chunks = (entries: readonly Entry[]): Entry[][] =>
  Array.from({ length: Math.ceil(entries.length / BATCH_SIZE) }, (_, index) =>
    entries.slice(index * BATCH_SIZE, (index + 1) * BATCH_SIZE),
  );

interface Unsent {
  readonly entry: Entry;
  readonly why: string;
  readonly cause?: unknown;
}

/** Sends what failed again, and gives back what is left after that. */
async function sendBatch(client: SQSClient, url: string, batch: readonly Entry[]): Promise<readonly Unsent[]> {
  let unsent: readonly Unsent[] = batch.map((entry) => ({ entry, why: 'not tried' }));
  for (let tries = 1; ; tries++) {
    unsent = await trySending(
      client,
      url,
      unsent.map(({ entry }) => entry),
    );
    if (unsent.length === 0 || tries === MAX_TRIES) return unsent;
    await backoff(tries);
  }
}

/** Throws what will not pass: no such queue, no right to it. */
async function trySending(client: SQSClient, url: string, entries: readonly Entry[]): Promise<Unsent[]> {
  const Entries = entries.map((entry, index) => ({ ...entry, Id: String(index) }));
  try {
    const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));
    return Failed.map(({ Id, Code, Message }) => ({
      entry: entries[Number(Id)] as Entry,
      why: [Code, Message].filter(Boolean).join(': '),
    }));
  } catch (cause) {
    if (!isTransient(cause)) throw cause;
    return entries.map((entry) => ({ entry, why: (cause as Error).message, cause }));
  }
}
