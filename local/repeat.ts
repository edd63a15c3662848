/** Runs that never overlap themselves: on a schedule, on request, or both. */

export interface Repeating {
  /** Asks for a run: now, or once after the one under way, however often it is asked meanwhile. */
  request(): void;
  /** No further run; resolves when the one under way has ended. */
  stop(): Promise<void>;
}

/** Runs `run` every `intervalMs` and whenever asked. `run` handles its own faults. */
export function repeating(intervalMs: number, run: () => Promise<void>): Repeating {
  let current: Promise<void> | undefined;
  let asked = false;
  let stopped = false;
  const drain = async () => {
    while (asked && !stopped) {
      asked = false;
      await run();
    }
    current = undefined;
  };
  const request = () => {
    asked = true;
    if (!stopped) current ??= drain();
  };
  const timer = setInterval(request, intervalMs);
  return {
    request,
    async stop() {
      stopped = true;
      clearInterval(timer);
      await current;
    },
  };
}
