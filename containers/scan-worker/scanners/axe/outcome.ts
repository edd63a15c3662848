/** Whether a run of axe counts: the runner went through all it was to do, and said so. What it says of the target's pages is coverage's. */
import { type ExitError, exitError, outcomeOf } from '../../exit-error.ts';
import type { Exit, Outcome, ParseSummary } from '../../scanner.ts';
import { REFUSED_CODE } from './request.ts';

export const axeOutcome = (exit: Exit, summary: ParseSummary): Outcome => outcomeOf(errorOf(exit, summary), exit);

function errorOf(exit: Exit, { partial, details }: ParseSummary): ExitError | undefined {
  const early = exitError('axe', exit);
  if (early !== undefined) return early;
  if (exit.code !== 0) return refusal(exit);
  if (partial !== false)
    return {
      code: 'output_unreadable',
      message: `axe's output could not be read to its end: ${partial.reason} at byte ${partial.byteOffset}`,
      retryable: true,
    };
  if (details.ended !== true)
    return { code: 'scanner_failed', message: 'axe ended with code 0, but without its last word', retryable: true };
  return undefined;
}

function refusal({ code, stderrTail }: Exit): ExitError {
  const permanent = code === REFUSED_CODE;
  return {
    code: permanent ? 'scanner_refused' : 'scanner_failed',
    message: `axe ended with code ${code}: ${stderrTail.trim().split('\n').at(-1) || 'it gave no reason'}`,
    retryable: !permanent,
  };
}
