/** What a task fails of that a window stopped, or did not let begin. The caller may retry its job, in another window. */
import type { TaskError } from './task.ts';

export const windowClosed = (message: string): TaskError => ({ code: 'window_closed', message, retryable: true });

export const CLOSED_BEFORE_START = windowClosed('the maintenance window of its targets closed before it could start');
