/** Trying again: only what can be repeated without harm, only where it can help, and not for long. */
import { UnavailableError } from '#shared/errors.ts';
import { ApiError } from './api-error.ts';

export interface RetryDeps {
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** From 0 to 1. */
  readonly random: () => number;
}

const MAX_ATTEMPTS = 5;
const FIRST_DELAY_MS = 200;
/** A service that wants a longer pause gets no second try: its answer is shown instead, for a person or script to decide. */
const MAX_RETRY_AFTER_SECONDS = 20;

/** Runs `operation` until it succeeds, fails for good or has been tried five times; then throws what it threw last. */
export async function retrying<T>(deps: RetryDeps, signal: AbortSignal, operation: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await operation();
    } catch (error) {
      const delayMs = attempt < MAX_ATTEMPTS ? retryDelayMs(error, attempt, deps.random()) : undefined;
      if (delayMs === undefined) throw error;
      await deps.sleep(delayMs, signal);
    }
  }
}

/**
 * How long to wait after try number `attempt` failed with `error`; undefined when another cannot help. Exponential with full jitter
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), but never sooner than Retry-After.
 */
export function retryDelayMs(error: unknown, attempt: number, random: number): number | undefined {
  const backoffMs = random * FIRST_DELAY_MS * 2 ** (attempt - 1);
  if (error instanceof UnavailableError) return backoffMs;
  if (!(error instanceof ApiError) || !error.retryable) return undefined;
  const { retryAfterSeconds = 0 } = error;
  return retryAfterSeconds > MAX_RETRY_AFTER_SECONDS ? undefined : retryAfterSeconds * 1_000 + backoffMs;
}
