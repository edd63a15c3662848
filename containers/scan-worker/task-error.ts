/** What went wrong beside the scan itself, as a task's record shows it. */
import { ScanfleetError } from '#shared/errors.ts';
import type { TaskError } from '#shared/task/task.ts';

/** A task's record is best small: an update costs all of it. */
const MAX_MESSAGE_CHARACTERS = 500;

/** An error of our own says itself what it is and whether trying again can help; any other is `code`, and worth another try. */
export function taskErrorOf(code: string, error: unknown): TaskError {
  const message = (error instanceof Error ? error.message : String(error)).slice(0, MAX_MESSAGE_CHARACTERS);
  if (error instanceof ScanfleetError) return { code: error.code, message, retryable: error.retryable };
  return { code, message, retryable: true };
}
