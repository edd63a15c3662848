/** A token bucket in this process: as many launches at once as ECS takes, and then as many a second. */

export interface Pace {
  readonly burst: number;
  readonly perSecond: number;
}

/** RunTask takes 20 tasks a second on Fargate, and 100 at once ("Amazon ECS service quotas"): runs side by side share that. */
export const LAUNCH_PACE: Pace = { burst: 20, perSecond: 20 };

/** What it gives resolves when it is the caller's turn; callers may come at any time, also side by side. */
export function launchPace(
  { burst, perSecond }: Pace,
  { nowMs, sleep }: { readonly nowMs: () => number; readonly sleep: (ms: number) => Promise<unknown> },
): () => Promise<void> {
  let tokens = burst;
  let filledAtMs = nowMs();
  return async () => {
    const atMs = nowMs();
    tokens = Math.min(burst, tokens + ((atMs - filledAtMs) / 1_000) * perSecond) - 1;
    filledAtMs = atMs;
    // Below nothing, each has a place in the row.
    if (tokens < 0) await sleep((-tokens / perSecond) * 1_000);
  };
}
