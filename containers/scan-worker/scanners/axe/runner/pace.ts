/** How fast requests may leave. */
import { type Clock, systemClock } from '../../../clock.ts';

/** What it gives resolves when the next request may leave: evenly spaced, `perSecond` at most, and nothing saved up in a pause. */
export function pace(
  perSecond: number,
  { monotonicMs, sleep }: Pick<Clock, 'monotonicMs' | 'sleep'> = systemClock,
): () => Promise<void> {
  let nextMs = Number.NEGATIVE_INFINITY;
  return async () => {
    const nowMs = monotonicMs();
    const atMs = Math.max(nextMs, nowMs);
    nextMs = atMs + 1_000 / perSecond;
    if (atMs > nowMs) await sleep(atMs - nowMs);
  };
}
