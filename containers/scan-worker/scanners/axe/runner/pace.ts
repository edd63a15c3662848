/** How fast requests may leave. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves when the next may: evenly spaced, `perSecond` at most. */
export function pace(perSecond: number, nowMs: () => number = () => performance.now()): () => Promise<void> {
  let next = Number.NEGATIVE_INFINITY;
  return async () => {
    const now = nowMs();
    const at = Math.max(next, now);
    next = at + 1_000 / perSecond;
    if (at > now) await sleep(at - now);
  };
}
