/** How long a task waits after something passing went wrong. */

/** SQS holds a message back no longer (API reference, "SendMessage", DelaySeconds), and neither need a task wait longer. */
const MAX_BACKOFF_SECONDS = 900;

/** `baseSeconds` × 2ⁿ after `failures` earlier ones, with full jitter: anything from 0 to that. `random` as Math.random. */
export const backoffSeconds = (baseSeconds: number, failures: number, random: () => number): number =>
  random() * Math.min(MAX_BACKOFF_SECONDS, baseSeconds * 2 ** failures);
