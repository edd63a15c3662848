/** When a caller lets targets be scanned. A task waits until its window opens, and is stopped, or not begun, once it has closed. */
import type { FieldError } from '../errors.ts';

/** From `notBefore` on, and until just before `notAfter`; where one is absent, there is no bound on that side. */
export interface MaintenanceWindow {
  readonly notBefore?: string | undefined;
  readonly notAfter?: string | undefined;
}

export interface Windowed {
  readonly window?: MaintenanceWindow | undefined;
}

/** When it opens; undefined once it has. */
export const opensLater = ({ window }: Windowed, now: string): string | undefined =>
  window?.notBefore !== undefined && window.notBefore > now ? window.notBefore : undefined;

/** What sorts by opening, and is the same for the same window. */
export const windowOrder = ({ window: { notBefore = '', notAfter = '' } = {} }: Windowed): string =>
  `${notBefore} ${notAfter}`;

export const hasClosed = ({ window }: Windowed, now: string): boolean =>
  window?.notAfter !== undefined && window.notAfter <= now;

/**
 * The window a task has in its job's round: one that a retry gave counts instead of the task's own, and is written into the task when it
 * is released again.
 */
export const inRound = (
  task: Windowed & { readonly round: number },
  job: { readonly round: number; readonly retryWindow?: MaintenanceWindow | undefined },
): Windowed => ({ window: task.round < job.round ? (job.retryWindow ?? task.window) : task.window });

/** What is wrong with a window that is over, or that would open only when the job has to end. `field` is what the caller calls it. */
export function faultsOfWindow(
  field: string,
  { notBefore, notAfter }: MaintenanceWindow,
  { now, deadlineAt }: { readonly now: string; readonly deadlineAt: string },
): FieldError[] {
  const faults: FieldError[] = [];
  if (notBefore !== undefined && notBefore >= deadlineAt)
    faults.push({ field: `${field}.notBefore`, message: `must be before the deadline of the job, ${deadlineAt}` });
  if (notAfter !== undefined && notAfter <= now)
    faults.push({ field: `${field}.notAfter`, message: `has passed: it is ${now}` });
  return faults;
}
