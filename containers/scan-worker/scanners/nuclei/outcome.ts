/**
 * Whether a run of nuclei counts. It ends with code 0 with findings and without, and no findings are no lines: that it did its work must
 * be seen in its statistics. What it says of the target is coverage's.
 */
import { type ExitError, exitError, outcomeOf } from '../../exit-error.ts';
import type { Exit, Outcome, ParseSummary } from '../../scanner.ts';

/** Fatal errors that no repetition mends: of flags and templates (nuclei, internal/runner). */
const PERMANENT =
  /flag provided but not defined|no templates|could not (?:find|load) template|invalid value|no such file/i;

export const nucleiOutcome = (exit: Exit, summary: ParseSummary): Outcome => outcomeOf(errorOf(exit, summary), exit);

function errorOf(exit: Exit, { partial, details }: ParseSummary): ExitError | undefined {
  const early = exitError('nuclei', exit);
  if (early !== undefined) return early;
  if (exit.code !== 0) return refusal(exit);
  if (partial !== false)
    return {
      code: 'output_unreadable',
      message: `nuclei's output could not be read to its end: ${partial.reason} at byte ${partial.byteOffset}`,
      retryable: true,
    };
  if (Number(details.requests) < 0)
    return { code: 'scanner_failed', message: 'nuclei ended with code 0, but without its statistics', retryable: true };
  return undefined;
}

function refusal({ code, stderrTail }: Exit): ExitError {
  const permanent = PERMANENT.test(stderrTail);
  return {
    code: permanent ? 'scanner_refused' : 'scanner_failed',
    message: `nuclei ended with code ${code}: ${stderrTail.split('\n').at(-1) || 'it gave no reason'}`,
    retryable: !permanent,
  };
}
