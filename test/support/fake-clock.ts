/** A clock that goes only when told to. */
import type { Clock } from '#containers/scan-worker/clock.ts';

export interface FakeClock extends Clock {
  /** Goes on by `ms`, waking sleepers one after the other in order of time; each has settled what it can before the next wakes. */
  advance(ms: number): Promise<void>;
  /** Goes on by `ms` while the process is stopped: whoever was to wake meanwhile wakes with the next advance, all at that one time. */
  pause(ms: number): void;
}

interface Sleeper {
  readonly atMs: number;
  wake(): void;
}

export function fakeClock(startsAt = '2026-01-31T12:00:00.000Z'): FakeClock {
  const start = new Date(startsAt).getTime();
  const sleepers = new Set<Sleeper>();
  let nowMs = 0;
  const settled = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));
  return {
    now: () => new Date(start + nowMs),
    monotonicMs: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const sleeper = {
          atMs: nowMs + ms,
          wake: () => {
            sleepers.delete(sleeper);
            resolve();
          },
        };
        if (signal?.aborted) return resolve();
        signal?.addEventListener('abort', sleeper.wake, { once: true });
        sleepers.add(sleeper);
      }),
    pause(ms) {
      nowMs += ms;
    },
    async advance(ms) {
      const untilMs = nowMs + ms;
      await settled();
      for (;;) {
        const [next] = [...sleepers].sort((a, b) => a.atMs - b.atMs);
        if (next === undefined || next.atMs > untilMs) break;
        nowMs = Math.max(nowMs, next.atMs);
        next.wake();
        await settled();
      }
      nowMs = untilMs;
      await settled();
    },
  };
}
