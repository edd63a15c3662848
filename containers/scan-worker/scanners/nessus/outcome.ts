/** Whether a run of Nessus counts: its scan came to its end, and its report is here to the last byte. */
import { exitError, outcomeOf } from '../../exit-error.ts';
import type { Exit, Outcome, ParseSummary } from '../../scanner.ts';

export function nessusOutcome(exit: Exit, { partial }: ParseSummary): Outcome {
  if (exit.reason === 'busy' && exit.failure !== undefined) return { ok: false, error: exit.failure, busy: true };
  const early = exitError('nessus', exit);
  if (early !== undefined) return outcomeOf(early, exit);
  if (partial === false) return { ok: true };
  const message = `the report of Nessus could not be read to its end: ${partial.reason} at byte ${partial.byteOffset}`;
  return outcomeOf({ code: 'output_unreadable', message, retryable: true }, exit);
}
