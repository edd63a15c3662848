/** Runs that never overlap themselves: on a schedule, on request, or both. */

export interface Repeating<T> {
  /** Asks for a run with `input`: now, or after the one under way. What is asked for meanwhile makes one run, with the last input. */
  request(input: T): void;
  /** No further run; resolves when the one under way has ended. */
  stop(): Promise<void>;
}

/** Runs `run` with `scheduled()` every `intervalMs`, and whenever asked. `run` handles its own faults. */
export function repeating<T>(intervalMs: number, scheduled: () => T, run: (input: T) => Promise<void>): Repeating<T> {
  let current: Promise<void> | undefined;
  let asked: { readonly input: T } | undefined;
  let stopped = false;
  const drain = async () => {
    while (asked !== undefined && !stopped) {
      const { input } = asked;
      asked = undefined;
      await run(input);
    }
    current = undefined;
  };
  const request = (input: T) => {
    asked = { input };
    if (!stopped) current ??= drain();
  };
  const timer = setInterval(() => request(scheduled()), intervalMs);
  return {
    request,
    async stop() {
      stopped = true;
      clearInterval(timer);
      await current;
    },
  };
}
