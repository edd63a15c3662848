/**
 * What the workers of the drain benchmark are held against: the calls of a recorded job made again for other jobs, by the SDK alone.
 *
 *   bare.ts FILE RECORDED SLOTS JOB…      RECORDED and each JOB: the job's id, `=`, and the first two numbers of its addresses
 *
 * As many tasks side by side as a worker has slots, each with its calls in order. A message is whichever there is.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { GetObjectCommand, type GetObjectCommandInput, PutObjectCommand } from '@aws-sdk/client-s3';
import { DeleteMessageCommand, ReceiveMessageCommand, type ReceiveMessageCommandInput } from '@aws-sdk/client-sqs';
import {
  BatchGetCommand,
  type BatchGetCommandInput,
  DeleteCommand,
  type DeleteCommandInput,
  DynamoDBDocumentClient,
  GetCommand,
  type GetCommandInput,
  PutCommand,
  type PutCommandInput,
  QueryCommand,
  type QueryCommandInput,
  TransactWriteCommand,
  type TransactWriteCommandInput,
  UpdateCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { dynamoDbClient, s3Client, sqsClient } from '#shared/aws/clients.ts';
import { TEST_CREDENTIALS } from '#test/support/emulators.ts';
import { emptyTally, type RecordedCall, watchCalls } from './calls.ts';
import type { Told } from './figures.ts';

/** Times in milliseconds since 1970: the processes' clocks are one. */
export interface BareTold extends Told {
  readonly startedMs: number;
  readonly endedMs: number;
}

const [, , file = '', recorded = '', slots = '', ...jobs] = process.argv;
const clients = {
  dynamodb: dynamoDbClient(TEST_CREDENTIALS),
  sqs: sqsClient(TEST_CREDENTIALS),
  s3: s3Client(TEST_CREDENTIALS),
};
const tally = emptyTally();
watchCalls(clients, tally);
const documents = DynamoDBDocumentClient.from(clients.dynamodb, { marshallOptions: { removeUndefinedValues: true } });

/** What was recorded is what the command takes. */
const as = <T>(input: unknown): T => input as T;
const SEND: Readonly<Record<string, (input: RecordedCall['input']) => Promise<unknown>>> = {
  GetItem: (input) => documents.send(new GetCommand(as<GetCommandInput>(input))),
  BatchGetItem: (input) => documents.send(new BatchGetCommand(as<BatchGetCommandInput>(input))),
  Query: (input) => documents.send(new QueryCommand(as<QueryCommandInput>(input))),
  PutItem: (input) => documents.send(new PutCommand(as<PutCommandInput>(input))),
  DeleteItem: (input) => documents.send(new DeleteCommand(as<DeleteCommandInput>(input))),
  UpdateItem: (input) => documents.send(new UpdateCommand(as<UpdateCommandInput>(input))),
  TransactWriteItems: (input) => documents.send(new TransactWriteCommand(as<TransactWriteCommandInput>(input))),
  ReceiveMessage: async (input) => {
    // All messages are there from the start: where none is left, other polls brought more than they did then.
    const now = { ...as<ReceiveMessageCommandInput>(input), WaitTimeSeconds: 0 };
    const { Messages = [] } = await clients.sqs.send(new ReceiveMessageCommand(now));
    receipts.push(...Messages.map(({ ReceiptHandle = '' }) => ReceiptHandle));
  },
  DeleteMessage: async ({ QueueUrl }) =>
    clients.sqs.send(new DeleteMessageCommand({ QueueUrl: String(QueueUrl), ReceiptHandle: await receipt() })),
  PutObject: ({ Bucket, Key, ContentType, Body }) =>
    clients.s3.send(
      new PutObjectCommand({
        Bucket: String(Bucket),
        Key: String(Key),
        ContentType: String(ContentType),
        Body: Buffer.from((Body as { data: number[] }).data),
      }),
    ),
  GetObject: async (input) =>
    (await clients.s3.send(new GetObjectCommand(as<GetObjectCommandInput>(input)))).Body?.transformToByteArray(),
};

const PAUSE_MS = 5;
const MAX_PAUSES = 1_000;
const receipts: string[] = [];

/** Of a message that is there; the poll that brings it may be another lane's. */
async function receipt(): Promise<string> {
  for (;;) {
    const one = receipts.pop();
    if (one !== undefined) return one;
    await delay(PAUSE_MS);
  }
}

/** What was done then is tried until it is done now: another lane may be a little behind. */
async function send({ operation, input }: RecordedCall): Promise<void> {
  const call = SEND[operation];
  if (call === undefined) throw new TypeError(`no way to send ${operation}`);
  for (let tries = 1; ; tries += 1) {
    try {
      await call(input);
      return;
    } catch (error) {
      if (tries === MAX_PAUSES) throw error;
      await delay(PAUSE_MS);
    }
  }
}

const [recordedId = '', recordedNet = ''] = recorded.split('=');
const tasks = readFileSync(file, 'utf8').split('\n').filter(Boolean);
const startedMs = Date.now();
const cpuBefore = process.cpuUsage();
for (const job of jobs) {
  const [id = '', net = ''] = job.split('=');
  const left = tasks.values();
  const lane = async () => {
    for (const text of left) {
      const calls = text.replaceAll(recordedId, id).replaceAll(`${recordedNet}.`, `${net}.`);
      for (const call of as<RecordedCall[]>(JSON.parse(calls))) await send(call);
    }
  };
  await Promise.all(Array.from({ length: Number(slots) }, lane));
}
const { user, system } = process.cpuUsage(cpuBefore);
const told: BareTold = { tally, cpuMs: (user + system) / 1_000, startedMs, endedMs: Date.now() };
process.send?.(told, () => process.exit(0));
