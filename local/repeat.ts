/** Runs that never overlap themselves: on a schedule, on request, or both. */

export interface Repeating<T> {
  /** Asks for a run with `input`: now, or once the pause after the run under way is over. What is asked for meanwhile makes one run, with the last input. */
  request(input: T): void;
  /** No further run; resolves when the one under way has ended. */
  stop(): Promise<void>;
}

export interface RepeatOptions<T> {
  /** From one scheduled run to the next. */
  readonly intervalMs: number;
  readonly scheduled: () => T;
  /** At least so long between two runs. */
  readonly pauseMs?: number;
}

/** Runs `run` with `scheduled()` on schedule, and whenever asked. `run` handles its own faults. */
export function repeating<T>(
  { intervalMs, scheduled, pauseMs = 0 }: RepeatOptions<T>,
  run: (input: T) => Promise<void>,
): Repeating<T> {
  let asked: { readonly input: T } | undefined;
  let current: Promise<void> | undefined;
  let pause: NodeJS.Timeout | undefined;
  let stopped = false;
  const next = () => {
    if (asked === undefined || current !== undefined || pause !== undefined || stopped) return;
    const { input } = asked;
    asked = undefined;
    current = run(input).finally(() => {
      current = undefined;
      pause = setTimeout(() => {
        pause = undefined;
        next();
      }, pauseMs);
    });
  };
  const request = (input: T) => {
    asked = { input };
    next();
  };
  const timer = setInterval(() => request(scheduled()), intervalMs);
  return {
    request,
    async stop() {
      stopped = true;
      clearInterval(timer);
      await current;
      clearTimeout(pause);
    },
  };
}
