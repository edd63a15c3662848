/** Whether a task that failed for now is tried again, and on which size of worker. */
import type { Limits } from '../limits.ts';
import type { WorkerSize } from '../scanner/definition.ts';
import type { Task, TaskError } from './task.ts';

/** What a scanner, or a whole worker, is said to have failed of when the kernel killed it. */
export const OUT_OF_MEMORY = 'oom';

/** False when it was the last failure allowed, or when the largest worker was too small for it: there more of the same does not help. */
export const hasNextTry = (
  { failures, workerSize }: Pick<Task, 'failures' | 'workerSize'>,
  { code }: Pick<TaskError, 'code'>,
  { maxFailures }: Pick<Limits, 'maxFailures'>,
): boolean => failures + 1 < maxFailures && !(code === OUT_OF_MEMORY && workerSize === 'large');

/** The size it needs for its next try, if not the one it had. */
export const sizeNeededAfter = (error: Pick<TaskError, 'code'> | undefined): WorkerSize | undefined =>
  error?.code === OUT_OF_MEMORY ? 'large' : undefined;
