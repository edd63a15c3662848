/** The common retry rule: what is asked again without a thought, and how. A failed condition is an answer and never repeated blindly. */
import { setTimeout as delay } from 'node:timers/promises';
import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { UnavailableError } from '../../errors.ts';

const MAX_TRIES = 10;
/** No try begins later than this after the first: a function that waits for one call must still answer its caller (see clients.ts). */
const PATIENCE_MS = 15_000;
const FIRST_DELAY_MS = 25;
const MAX_DELAY_MS = 1_000;

/**
 * Calls until it is answered. Throttling, conflicts, 5xx and silence are asked again after 25 ms × 2ⁿ with full jitter, up to 1 s (AWS
 * Architecture Blog, "Exponential Backoff And Jitter"); after ten tries, or 15 s, UnavailableError `database_unavailable`. The SDK has its
 * own retry below this; it repeats neither kind of transaction conflict.
 */
export async function persist<T>(random: () => number, call: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  for (let tries = 1; ; tries += 1) {
    try {
      return await call();
    } catch (cause) {
      if (!isPassing(cause)) throw cause;
      if (tries === MAX_TRIES || performance.now() - startedAt >= PATIENCE_MS)
        throw new UnavailableError('database_unavailable', `DynamoDB did not answer in ${tries} tries: ${cause}`, {
          cause,
        });
      await delay(pauseMs(tries, random));
    }
  }
}

/** A batch was done in part; the rest is asked again. */
export class UnprocessedError extends Error {
  override readonly name = 'UnprocessedError';
}

const pauseMs = (tries: number, random: () => number): number =>
  random() * Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** tries);

/** DynamoDB's names for "not now" (API reference, "Common errors" and "TransactWriteItems"). */
const PASSING_ERRORS: ReadonlySet<string> = new Set([
  'UnprocessedError',
  'InternalServerError',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
  'TransactionConflictException',
  'TransactionInProgressException',
]);
const PASSING_REASONS: ReadonlySet<string> = new Set([
  'ProvisionedThroughputExceeded',
  'ThrottlingError',
  'TransactionConflict',
]);
/** No answer: names of the SDK's errors and codes of node's (node:os, `constants.errno`). */
const SILENCE: ReadonlySet<string> = new Set([
  'TimeoutError',
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'ETIMEDOUT',
]);

export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof TransactionCanceledException) return isPassingCancellation(error);
  const { code, $metadata } = error as { code?: unknown; $metadata?: { httpStatusCode?: number } };
  return (
    PASSING_ERRORS.has(error.name) ||
    SILENCE.has(error.name) ||
    (typeof code === 'string' && SILENCE.has(code)) ||
    ($metadata?.httpStatusCode ?? 0) >= 500
  );
}

/** A cancellation that names a failed condition is an answer, whatever else it names. */
function isPassingCancellation({ CancellationReasons = [] }: TransactionCanceledException): boolean {
  const codes = CancellationReasons.map(({ Code = 'None' }) => Code);
  return !codes.includes('ConditionalCheckFailed') && codes.some((code) => PASSING_REASONS.has(code));
}
