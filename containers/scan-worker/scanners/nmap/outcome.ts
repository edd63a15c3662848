/**
 * Whether a run of nmap counts. Its exit code 0 is not enough: it also gives 0 when it scanned nothing at all, and what it wrote can
 * be cut. Success is code 0, `<finished exit="success">`, at least one address, and a file read to its end.
 */
import { type ExitError, exitError, outcomeOf } from '../../exit-error.ts';
import type { Exit, Outcome, ParseSummary } from '../../scanner.ts';

/** What getopt's refusal makes of nmap: an option it does not know. */
const USAGE_CODE = 255;

/** Errors that no repetition mends, in nmap's words: about privileges, ports, options and scripts (nmap 7.93: nmap.cc, NmapOps.cc, nse_main.lua). */
const PERMANENT =
  /root privileges|port specifications|ports specified|invalid argument to|unrecognized option|did not match a category|failed to initialize the script engine/i;

export const nmapOutcome = (exit: Exit, summary: ParseSummary): Outcome => outcomeOf(errorOf(exit, summary), exit);

const errorOf = (exit: Exit, summary: ParseSummary): ExitError | undefined =>
  exitError('nmap', exit) ?? (exit.code === 0 ? outputError(summary) : refusal(exit, summary));

/** nmap says that it failed. */
function refusal(exit: Exit, { details }: ParseSummary): ExitError {
  const said = String(details.errorMessage || exit.stderrTail).split('\n', 1)[0];
  const permanent = exit.code === USAGE_CODE || PERMANENT.test(`${details.errorMessage}\n${exit.stderrTail}`);
  return {
    code: permanent ? 'scanner_refused' : 'scanner_failed',
    message: `nmap ended with code ${exit.code}: ${said || 'it gave no reason'}`,
    retryable: !permanent,
  };
}

/** nmap says that all went well; its output must bear that out. */
function outputError({ partial, details }: ParseSummary): ExitError | undefined {
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
