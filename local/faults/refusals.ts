/** What a service answers when it does not do what it was asked, in its own format. */
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { xmlDocument } from '../emulators/s3/xml.ts';
import type { Answer } from '../gateway/refusal.ts';
import type { ProxiedService } from './plan.ts';

export type RefusalKind = 'throttle' | 'error' | 'conflict' | 'refuse';

/** A call as far as refusals depend on it. */
export interface Call {
  readonly service: ProxiedService;
  /** As in `PutItem`; of S3 the method. */
  readonly operation: string;
  readonly body: Buffer;
}

type Fault = readonly [status: number, type: string, message: string];

const DYNAMODB = 'com.amazonaws.dynamodb.v20120810#';
const SQS = 'com.amazonaws.sqs#';
const TRY_AGAIN = 'We encountered an internal error. Please try again.';

/** "Common errors" and "Error handling" of each API reference; S3: "List of error codes". */
// biome-ignore format: a table reads by column
const FAULTS: Readonly<Record<ProxiedService, Readonly<Record<'throttle' | 'error', Fault>>>> = {
  dynamodb: { throttle: [400, `${DYNAMODB}ThrottlingException`, 'Rate of requests exceeds the allowed throughput.'], error: [500, `${DYNAMODB}InternalServerError`, TRY_AGAIN] },
  sqs:      { throttle: [400, `${SQS}RequestThrottled`, 'Request is throttled.'],                                     error: [500, `${SQS}InternalFailure`, TRY_AGAIN] },
  s3:       { throttle: [503, 'SlowDown', 'Please reduce your request rate.'],                                        error: [500, 'InternalError', TRY_AGAIN] },
  ecs:      { throttle: [400, 'ThrottlingException', 'Rate exceeded'],                                                error: [500, 'ServerException', TRY_AGAIN] },
  events:   { throttle: [400, 'ThrottlingException', 'Rate exceeded'],                                                error: [500, 'InternalException', TRY_AGAIN] },
};
/** RunTask has been seen to say it so. */
const RUN_TASK_THROTTLED: Fault = [400, 'InvalidParameterException', 'Rate exceeded'];

export function refusalOf(kind: RefusalKind, call: Call): Answer {
  if (kind === 'conflict') return json(400, conflict(call));
  // Fargate without room (developer guide, "API failure reasons").
  if (kind === 'refuse') return json(200, { tasks: [], failures: [{ reason: 'RESOURCE:CPU' }] });
  const fault = kind === 'throttle' && call.operation === 'RunTask' ? RUN_TASK_THROTTLED : FAULTS[call.service][kind];
  const [status, type, message] = fault;
  return call.service === 's3' ? xml(call, fault) : json(status, { __type: type, message });
}

const Transaction = z.object({ TransactItems: z.array(z.unknown()) });

/** One reason for each item: the first is in another transaction (API reference, "TransactWriteItems"). */
function conflict({ body }: Call): object {
  const { TransactItems } = Transaction.parse(JSON.parse(body.toString()));
  const CancellationReasons = TransactItems.map((_, index) =>
    index === 0
      ? { Code: 'TransactionConflict', Message: 'Transaction is ongoing for the item' }
      : { Code: 'None', Message: null },
  );
  const codes = CancellationReasons.map(({ Code }) => Code).join(', ');
  return {
    __type: `${DYNAMODB}TransactionCanceledException`,
    Message: `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    CancellationReasons,
  };
}

const json = (status: number, content: object): Answer =>
  answer(status, 'application/x-amz-json-1.0', JSON.stringify(content));

function xml({ operation }: Call, [status, Code, Message]: Fault): Answer {
  const text = xmlDocument('Error', { Code, Message, RequestId: randomUUID() });
  return answer(status, 'application/xml', operation === 'HEAD' ? '' : text);
}

function answer(status: number, type: string, text: string): Answer {
  const body = Buffer.from(text);
  return { status, headers: { 'content-type': type, 'content-length': body.length }, body };
}
