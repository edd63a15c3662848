/** Waiting before the next try, where the SDK does not try again by itself. */
import { setTimeout as delay } from 'node:timers/promises';

const FIRST_MS = 50;
const LONGEST_MS = 2_000;

/** Doubles with each try (the first is 1), with full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ */
export const backoff = (tries: number): Promise<void> =>
  delay(Math.random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** (tries - 1)));
