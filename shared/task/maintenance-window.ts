/** When a caller lets targets be scanned. A task waits until its window opens, and is stopped, or not begun, once it has closed. */
import type { TaskError } from './task.ts';

/** From `notBefore` on, and until just before `notAfter`; where one is absent, there is no bound on that side. */
export interface MaintenanceWindow {
  readonly notBefore?: string;
  readonly notAfter?: string;
}

interface Windowed {
  readonly window?: MaintenanceWindow | undefined;
}

export const hasOpened = ({ window }: Windowed, now: string): boolean => (window?.notBefore ?? '') <= now;

export const hasClosed = ({ window }: Windowed, now: string): boolean =>
  window?.notAfter !== undefined && window.notAfter <= now;

/** The caller may retry the job, in another window. */
export const windowClosed = (message: string): TaskError => ({ code: 'window_closed', message, retryable: true });

export const CLOSED_BEFORE_START = windowClosed('the maintenance window of its targets closed before it could start');
