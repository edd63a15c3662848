/** What can go wrong on the way to DynamoDB and back, for clients of tests: the emulator itself neither throttles nor sees conflicts. */
import { type DynamoDBClient, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { v4 } from 'uuid';

/**
 * throttle, conflict, error: refused, nothing was written · silence: never arrived · lost_answer: written, but the answer is lost, and
 * DynamoDB's own memory of the request (ten minutes) with it · remembered: the same with that memory · partial: of a batch, only the
 * first is done · a function: happens before the call · instead: does what it likes with the call, of which DynamoDB has no memory.
 */
export type Fault =
  | 'throttle'
  | 'conflict'
  | 'error'
  | 'silence'
  | 'lost_answer'
  | 'remembered'
  | 'partial'
  | (() => Promise<unknown>)
  | { readonly instead: (send: () => Promise<unknown>) => Promise<unknown> };

export interface Call {
  /** As in `TransactWriteItems`. */
  readonly operation: string;
  /** Before it is marshalled. */
  readonly input: Readonly<Record<string, unknown>>;
}

/** Has `nextFault` decide about each call of the client, and of the document clients made from it. */
export function injectFaults(client: DynamoDBClient, nextFault: (call: Call) => Fault | undefined): void {
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        const call = { operation: commandName.replace(/Command$/, ''), input: { ...args.input } };
        return meet(nextFault(call), call, (input) => next({ ...args, input: input as typeof args.input }));
      },
    { step: 'initialize' },
  );
}

async function meet<Output extends { output: object }>(
  fault: Fault | undefined,
  { operation, input }: Call,
  send: (input: object) => Promise<Output>,
): Promise<Output> {
  if (typeof fault === 'function') await fault();
  if (fault === undefined || typeof fault === 'function') return send(input);
  if (typeof fault === 'object') return fault.instead(() => send(forgetting(input))) as Promise<Output>;
  if (fault === 'partial') return sendFirst(input, send);
  if (fault !== 'lost_answer' && fault !== 'remembered') throw faultOf(fault, operation);
  await send(fault === 'lost_answer' ? forgetting(input) : input);
  throw faultOf('silence', operation);
}

/** Another token than any repeat of the request will have. */
const forgetting = (input: object): object =>
  'ClientRequestToken' in input ? { ...input, ClientRequestToken: v4() } : input;

type Refusal = 'throttle' | 'conflict' | 'error' | 'silence';

export function faultOf(fault: Refusal, operation: string): Error {
  const error = (name: string, httpStatusCode?: number) =>
    Object.assign(new Error(`${name}, planned by the test`), { name, $metadata: { httpStatusCode } });
  if (fault === 'throttle') return error('ThrottlingException', 400);
  if (fault === 'error') return error('InternalServerError', 500);
  if (fault === 'silence') return error('TimeoutError');
  if (operation !== 'TransactWriteItems') return error('TransactionConflictException', 400);
  return new TransactionCanceledException({
    message: 'planned by the test',
    $metadata: { httpStatusCode: 400 },
    CancellationReasons: [{ Code: 'TransactionConflict' }],
  });
}

/** Sends the first entry of a batch for one table and says that the others were not processed. */
async function sendFirst<Output extends { output: object }>(
  input: Call['input'],
  send: (input: object) => Promise<Output>,
): Promise<Output> {
  const [[table, batch] = ['', []]] = Object.entries(
    input.RequestItems as Record<string, unknown[] | { Keys: unknown[] }>,
  );
  const isWrite = Array.isArray(batch);
  const [first, ...rest] = isWrite ? batch : batch.Keys;
  const requests = (entries: unknown[]) => ({ [table]: isWrite ? entries : { Keys: entries } });
  const sent = await send({ RequestItems: requests([first]) });
  const left = rest.length === 0 ? {} : requests(rest);
  return { ...sent, output: { ...sent.output, [isWrite ? 'UnprocessedItems' : 'UnprocessedKeys']: left } };
}
