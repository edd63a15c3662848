/** Divides a worker's time among the tasks it runs side by side: the shares of any second add up to that second. */
import type { Clock } from './clock.ts';

export interface Share {
  /** Milliseconds so far. */
  readMs(): number;
  end(): void;
}

export interface WorkerTime {
  begin(): Share;
}

export function workerTime({ monotonicMs }: Pick<Clock, 'monotonicMs'>): WorkerTime {
  const running = new Set<{ ms: number }>();
  let dividedAtMs = monotonicMs();
  const divide = () => {
    const nowMs = monotonicMs();
    for (const share of running) share.ms += (nowMs - dividedAtMs) / running.size;
    dividedAtMs = nowMs;
  };
  return {
    begin() {
      divide();
      const share = { ms: 0 };
      running.add(share);
      return {
        readMs() {
          divide();
          return share.ms;
        },
        end() {
          divide();
          running.delete(share);
        },
      };
    },
  };
}
