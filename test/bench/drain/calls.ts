/** What a process asks of DynamoDB, SQS and S3: counted, and recorded if somebody wants to ask the same again. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SQSClient } from '@aws-sdk/client-sqs';

export interface Clients {
  readonly dynamodb: DynamoDBClient;
  readonly sqs: SQSClient;
  readonly s3: S3Client;
}

/** Host locks apart from the rest. Units are capacity units, read and write together, as the emulator counts them. */
export interface Tally {
  readonly calls: Record<string, number>;
  readonly amounts: Record<'items' | 'units' | 'lockItems' | 'lockUnits' | 'lockCalls' | 'refused', number>;
}

export const emptyTally = (): Tally => ({
  calls: {},
  amounts: { items: 0, units: 0, lockItems: 0, lockUnits: 0, lockCalls: 0, refused: 0 },
});

/** As it can be written to a file and sent again. `ok`: it was done then; a write can also be refused by its condition. */
export interface RecordedCall {
  readonly service: keyof Clients;
  /** As in `UpdateItem`. */
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  ok: boolean;
}

/** What one task asks for, in order. */
export const task = new AsyncLocalStorage<RecordedCall[]>();

/** Watches all calls of the clients, and of the document clients made from them, from now on. */
export function watchCalls({ dynamodb, sqs, s3 }: Clients, tally: Tally): void {
  watch('dynamodb', dynamodb.middlewareStack, tally);
  watch('sqs', sqs.middlewareStack, tally);
  watch('s3', s3.middlewareStack, tally);
}

/** The part of an SDK client's middleware stack that is used here, alike for all of them. */
interface Stack {
  add(
    middleware: (
      next: (args: { input: object }) => Promise<{ output: object; response: unknown }>,
      context: { commandName?: string },
    ) => (args: { input: object }) => Promise<{ output: object; response: unknown }>,
    options: { step: 'initialize' },
  ): void;
}

function watch(service: keyof Clients, stack: object, tally: Tally): void {
  (stack as Stack).add(
    (next, { commandName = '' }) =>
      async (args) => {
        const operation = commandName.replace(/Command$/, '');
        const input: Record<string, unknown> = { ...args.input };
        if (service === 'dynamodb') input.ReturnConsumedCapacity = 'TOTAL';
        const call: RecordedCall = { service, operation, input, ok: false };
        task.getStore()?.push(call);
        const name = `${service} ${operation}`;
        tally.calls[name] = (tally.calls[name] ?? 0) + 1;
        try {
          const answer = await next({ ...args, input });
          call.ok = true;
          if (service === 'dynamodb') countItems(tally, call, answer.output);
          return answer;
        } catch (error) {
          tally.amounts.refused += 1;
          throw error;
        }
      },
    { step: 'initialize' },
  );
}

function countItems({ amounts }: Tally, { operation, input }: RecordedCall, output: object): void {
  const written = writtenBy(operation, input);
  const locks = written.filter((write) => JSON.stringify(write).includes('"pk":"HOST#')).length;
  const units = unitsOf(output);
  amounts.lockItems += locks;
  amounts.items += written.length - locks;
  if (locks > 0) amounts.lockCalls += 1;
  amounts[locks > 0 ? 'lockUnits' : 'units'] += units;
}

function writtenBy(operation: string, input: Readonly<Record<string, unknown>>): readonly unknown[] {
  if (operation === 'TransactWriteItems') return input.TransactItems as unknown[];
  if (operation === 'BatchWriteItem') return Object.values(input.RequestItems as Record<string, unknown[]>).flat();
  return /^(Put|Update|Delete)Item$/.test(operation) ? [input] : [];
}

function unitsOf(output: object): number {
  const { ConsumedCapacity = [] } = output as { ConsumedCapacity?: Capacity | readonly Capacity[] };
  return [ConsumedCapacity].flat().reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0);
}

interface Capacity {
  readonly CapacityUnits?: number;
}
