/** The task queues, one for each worker size, each with a dead-letter queue behind it: infra makes them from this, and so does local. */
import { WORKER_SIZES, type WorkerSize } from '../scanner/definition.ts';

export interface QueueDefinition {
  readonly size: WorkerSize;
  readonly name: string;
  readonly deadLetterName: string;
}

export const TASK_QUEUES: readonly QueueDefinition[] = WORKER_SIZES.map((size) => ({
  size,
  name: `scanfleet-tasks-${size}`,
  deadLetterName: `scanfleet-tasks-${size}-dead`,
}));

/** How long a received message stays hidden. A worker claims at once and then deletes it, so this only bounds what a killed worker delays. */
export const VISIBILITY_SECONDS = 30;
/** Receives after which a message goes to the dead-letter queue. */
export const MAX_RECEIVE_COUNT = 5;
/** A wake-up older than this is worth nothing: the sweeper has sent others. SQS allows 14 days at most (SetQueueAttributes). */
export const RETENTION_SECONDS = 4 * 86_400;
export const DEAD_LETTER_RETENTION_SECONDS = 14 * 86_400;
