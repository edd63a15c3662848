/**
 * Whether a run of gobuster counts. What is wrong with its target ends it with code 1 too: that is the target's coverage, and no failure of
 * a task that has others.
 */
import { type ExitError, exitError, outcomeOf } from '../../exit-error.ts';
import type { Exit, Outcome, ParseSummary } from '../../scanner.ts';

/** How gobuster 3.5 says that it can do nothing with a target: it answers everything alike, or does not answer. The first that fits. */
const ABOUT_TARGET: readonly { readonly word: RegExp; readonly status: 'down' | 'not_scanned' }[] = [
  { word: /matches the provided options for non existing urls|wildcard|certificate|x509|tls:/i, status: 'not_scanned' },
  { word: /unable to connect to|no such host|connection refused|i\/o timeout|deadline exceeded/i, status: 'down' },
];
/** Errors that no repetition mends, in its words. */
const PERMANENT = /unknown (?:short)?hand flag|unknown flag|unknown command|invalid|wordlist|required flag|flag needs/i;

const lastLine = ({ stderrTail }: Exit): string => stderrTail.trim().split('\n').at(-1)?.trim() || 'it gave no reason';

/** Why the target could not be scanned, where that is what ended the run. */
export function targetFault(
  exit: Exit,
): { readonly status: 'down' | 'not_scanned'; readonly reason: string } | undefined {
  if (exit.reason !== 'exited' || exit.code !== 1) return undefined;
  const fault = ABOUT_TARGET.find(({ word }) => word.test(lastLine(exit)));
  return (
    fault && { status: fault.status, reason: lastLine(exit).replace(/^Error: (?:error on running gobuster: )?/, '') }
  );
}

export const gobusterOutcome = (exit: Exit, summary: ParseSummary): Outcome => outcomeOf(errorOf(exit, summary), exit);

function errorOf(exit: Exit, { partial }: ParseSummary): ExitError | undefined {
  const early = exitError('gobuster', exit);
  if (early !== undefined) return early;
  if (exit.code !== 0 && targetFault(exit) === undefined) return refusal(exit);
  if (partial === false) return undefined;
  return {
    code: 'output_unreadable',
    message: `gobuster's output could not be read to its end: ${partial.reason} at byte ${partial.byteOffset}`,
    retryable: true,
  };
}

function refusal(exit: Exit): ExitError {
  const permanent = PERMANENT.test(exit.stderrTail);
  return {
    code: permanent ? 'scanner_refused' : 'scanner_failed',
    message: `gobuster ended with code ${exit.code}: ${lastLine(exit)}`,
    retryable: !permanent,
  };
}
