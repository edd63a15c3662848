/**
 * Empties the queues that SQS moves messages to when workers have received them too often. What nobody can read becomes a record for
 * people; what names a task is dropped, because the sweep of its job sends it again for as long as the task waits.
 */
import { createHash } from 'node:crypto';
import { StringDecoder } from 'node:string_decoder';
import { TaskMessage } from '#shared/contracts/events.ts';
import { KEPT_BODY_BYTES, type UnreadableReason } from '#shared/job/dead-letter.ts';
import type { JobStore } from '#shared/job/store.ts';
import { logger } from '#shared/observability/logger.ts';
import { record } from '#shared/observability/metrics.ts';
import { WORKER_SIZES, type WorkerSize } from '#shared/scanner/definition.ts';
import type { ReceivedMessage, TaskQueue } from '#shared/task/queue.ts';

export interface DeadLetterQueuesDeps {
  readonly jobs: Pick<JobStore, 'readJob' | 'readTask' | 'recordUnreadable'>;
  readonly deadLetters: Pick<TaskQueue, 'receive' | 'remove'>;
  readonly now: () => Date;
}

export interface Emptied {
  /** Messages that became records, and messages that were of no use any more. */
  readonly recorded: number;
  readonly dropped: number;
}

/** Of one queue in one run: the rest is for the next, a minute later. */
const MAX_BATCHES = 10;
const BATCH = 10;

/** Never rejects: what cannot be recorded now stays in its queue for the next run. Begins no batch once `isTimeUp`. */
export async function emptyDeadLetterQueues(deps: DeadLetterQueuesDeps, isTimeUp: () => boolean): Promise<Emptied> {
  let recorded = 0;
  let dropped = 0;
  for (const size of WORKER_SIZES)
    try {
      for (let batch = 1; batch <= MAX_BATCHES && !isTimeUp(); batch += 1) {
        const messages = await deps.deadLetters.receive(size, { max: BATCH, waitSeconds: 0 });
        if (messages.length === 0) break;
        const reasons = await Promise.all(messages.map((message) => settle(deps, size, message)));
        recorded += reasons.filter((reason) => reason !== undefined).length;
        dropped += reasons.filter((reason) => reason === undefined).length;
      }
    } catch (error) {
      logger.error('a dead-letter queue could not be emptied', { size, error: error as Error });
    }
  if (recorded > 0) record({ unreadableMessages: recorded });
  return { recorded, dropped };
}

/** Removed only once it is recorded: a run that dies in between finds it again, and records it no second time. */
async function settle(
  { jobs, deadLetters, now }: DeadLetterQueuesDeps,
  queue: WorkerSize,
  { body, receipt, receiveCount }: ReceivedMessage,
): Promise<UnreadableReason | undefined> {
  const reason = await whyUnreadable(jobs, body);
  if (reason !== undefined) {
    const hash = createHash('sha256').update(body).digest('hex');
    const bytes = Buffer.from(body);
    // A decoder leaves out a character that the cut went through.
    const kept = new StringDecoder('utf8').write(bytes.subarray(0, KEPT_BODY_BYTES));
    const at = now().toISOString();
    await jobs.recordUnreadable({ hash, at, reason, body: kept, bytes: bytes.length, receiveCount, queue });
    logger.warn('a message nobody can read was recorded', { queue, hash, reason });
  }
  await deadLetters.remove(queue, receipt);
  return reason;
}

/** Undefined for a message of a task that exists. */
async function whyUnreadable(
  jobs: Pick<JobStore, 'readJob' | 'readTask'>,
  body: string,
): Promise<UnreadableReason | undefined> {
  const json = parseJson(body);
  if (json === undefined) return 'not_json';
  const message = TaskMessage.safeParse(json);
  if (!message.success) return 'wrong_schema';
  const { jobId, taskId } = message.data;
  if ((await jobs.readTask(jobId, taskId)) !== undefined) return undefined;
  return (await jobs.readJob(jobId)) === undefined ? 'unknown_job' : 'unknown_task';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
