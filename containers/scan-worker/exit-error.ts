/** What the end of a scanner's process says by itself, whichever scanner it was. */
import type { TaskError } from '#shared/task/task.ts';
import type { Exit, Outcome } from './scanner.ts';

/** 128 + 9: what a shell, or an init process, makes of SIGKILL. Nobody but the kernel (out of memory) kills a scanner so without our knowing. */
const KILLED_CODE = 137;

export type ExitError = Omit<TaskError, 'stderrTail'>;

/** Undefined when the process ended by itself, with an exit code: what that means is its scanner's. */
export function exitError(scanner: string, { reason, code, signal, failure }: Exit): ExitError | undefined {
  const error = (name: string, message: string, retryable: boolean): ExitError => ({
    code: name,
    message: `${scanner} ${message}`,
    retryable,
  });
  if (reason === 'cancelled') return error('cancelled', 'was stopped by a cancel', false);
  if (reason === 'timed_out') return error('timed_out', 'was stopped at its time limit', false);
  if (reason === 'output_cap') return error('output_cap', 'was stopped because it wrote more than is taken', false);
  if (reason === 'memory_cap')
    return error('oom', 'was stopped because it took more memory than there is for it', true);
  if (reason === 'process_cap')
    return error('process_cap', 'was stopped because it started more processes than it may', false);
  if (reason === 'not_started') return error('scanner_missing', 'could not be started', false);
  if (failure !== undefined) return failure;
  if (signal === 'SIGKILL' || code === KILLED_CODE)
    return error('oom', 'was killed, most likely for want of memory', true);
  return signal === null ? undefined : error('scanner_killed', `was ended by ${signal}`, true);
}

/** A failed outcome with the end of what the scanner wrote to stderr; success without an error. */
export function outcomeOf(error: ExitError | undefined, { stderrTail }: Exit): Outcome {
  if (error === undefined) return { ok: true };
  return { ok: false, error: { ...error, ...(stderrTail === '' ? {} : { stderrTail }) } };
}
