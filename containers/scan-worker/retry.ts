/** Trying again what an AWS service did not do, when giving up would cost a whole scan. */
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';

export interface RetryDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/** With the pauses some four minutes in all. */
const TRIES = 10;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/**
 * Does `act` until it succeeds; pauses double, with full jitter. Rejects with the last failure, the first after `giveUp` is aborted, or the
 * first that is not `worthIt`.
 */
export async function retry<T>(
  { clock, random, log }: RetryDeps,
  what: string,
  giveUp: AbortSignal,
  act: () => Promise<T>,
  worthIt: (error: unknown) => boolean = () => true,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await act();
    } catch (error) {
      if (tries === TRIES || giveUp.aborted || !worthIt(error)) throw error;
      log.warn(`${what} failed, to be tried again`, { tries, error });
      await clock.sleep(random() * Math.min(FIRST_PAUSE_MS * 2 ** tries, LONGEST_PAUSE_MS), giveUp);
      if (giveUp.aborted) throw error;
    }
  }
}
