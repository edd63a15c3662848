/**
 * Whether a run of nmap counts. Its exit code 0 is not enough: it also gives 0 when it scanned nothing at all, and what it wrote can
 * be cut. Success is code 0, `<finished exit="success">`, at least one address, and a file read to its end.
 */
import type { TaskError } from '#shared/task/task.ts';
import type { Exit, Outcome, ParseSummary } from '../../scanner.ts';

/** 128 + 9: what a shell, or an init process, makes of SIGKILL. Nobody but the kernel (out of memory) kills a scanner so without our knowing. */
const KILLED_CODE = 137;
/** What getopt's refusal makes of nmap: an option it does not know. */
const USAGE_CODE = 255;

/** Errors that no repetition mends, in nmap's words: about privileges, ports, options and scripts (nmap 7.93: nmap.cc, NmapOps.cc, nse_main.lua). */
const PERMANENT =
  /root privileges|port specifications|ports specified|invalid argument to|unrecognized option|did not match a category|failed to initialize the script engine/i;

/** How the process ended, where that alone decides. */
const BY_REASON: Record<Exclude<Exit['reason'], 'exited'>, Omit<TaskError, 'stderrTail'>> = {
  cancelled: { code: 'cancelled', message: 'nmap was stopped by a cancel', retryable: false },
  timed_out: { code: 'timed_out', message: 'nmap was stopped at its time limit', retryable: false },
  output_cap: { code: 'output_cap', message: 'nmap was stopped because it wrote more than is taken', retryable: false },
  not_started: { code: 'scanner_missing', message: 'nmap could not be started', retryable: false },
};

export function nmapOutcome(exit: Exit, summary: ParseSummary): Outcome {
  const error = errorOf(exit, summary);
  if (error === undefined) return { ok: true };
  return { ok: false, error: { ...error, ...(exit.stderrTail === '' ? {} : { stderrTail: exit.stderrTail }) } };
}

function errorOf(exit: Exit, summary: ParseSummary): Omit<TaskError, 'stderrTail'> | undefined {
  if (exit.reason !== 'exited') return BY_REASON[exit.reason];
  if (exit.signal === 'SIGKILL' || exit.code === KILLED_CODE)
    return { code: 'oom', message: 'nmap was killed, most likely for want of memory', retryable: true };
  if (exit.signal !== null)
    return { code: 'scanner_killed', message: `nmap was ended by ${exit.signal}`, retryable: true };
  return exit.code === 0 ? outputError(summary) : exitError(exit, summary);
}

/** nmap says that it failed. */
function exitError(exit: Exit, { details }: ParseSummary): Omit<TaskError, 'stderrTail'> {
  const said = String(details.errorMessage || exit.stderrTail).split('\n', 1)[0];
  const permanent = exit.code === USAGE_CODE || PERMANENT.test(`${details.errorMessage}\n${exit.stderrTail}`);
  return {
    code: permanent ? 'scanner_refused' : 'scanner_failed',
    message: `nmap ended with code ${exit.code}: ${said || 'it gave no reason'}`,
    retryable: !permanent,
  };
}

/** nmap says that all went well; its output must bear that out. */
function outputError({ partial, details }: ParseSummary): Omit<TaskError, 'stderrTail'> | undefined {
  if (partial !== false)
    return {
      code: 'output_unreadable',
      message: `nmap's output could not be read to its end: ${partial.reason} at byte ${partial.byteOffset}`,
      retryable: true,
    };
  if (details.exit !== 'success')
    return {
      code: 'scanner_failed',
      message: 'nmap ended with code 0, but its output does not say success',
      retryable: true,
    };
  if (Number(details.total) <= 0)
    return { code: 'nothing_scanned', message: 'nmap found no address to scan among its targets', retryable: false };
  return undefined;
}
