/** Keeps a task's lease while it is worked on (protocol operation 9), and takes its progress along. */
import type { JobStore } from '#shared/job/store.ts';
import type { Limits } from '#shared/limits.ts';
import type { Held, Progress } from '#shared/task/task.ts';
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';

export interface HeartbeatDeps {
  readonly jobs: Pick<JobStore, 'heartbeat'>;
  readonly clock: Clock;
  readonly limits: Pick<Limits, 'leaseSeconds' | 'heartbeatSeconds'>;
  readonly log: Log;
}

export interface Lease {
  /** By our own monotonic clock, counted from before the claim or renewal was sent: never later than the record says. */
  isHeld(): boolean;
  /** Aborted when it is somebody else's, or over. */
  readonly lost: AbortSignal;
}

interface Shown {
  readonly percent: number;
  readonly atMs: number;
}

/** Progress is worth a write of its own when it moved so far, and so long after the last. */
const PROGRESS_STEP_PERCENT = 5;
const PROGRESS_EVERY_MS = 2_000;
/** How soon a heartbeat without an answer is sent again: waiting for the next one could cost the lease. */
const TICK_MS = 1_000;

/** Renews the lease of a claim that was sent at `claimedAtMs` (monotonic), until `done` is aborted. */
export function keepLease(
  { jobs, clock, limits, log }: HeartbeatDeps,
  held: Held,
  claimedAtMs: number,
  progress: () => Progress | undefined,
  done: AbortSignal,
): Lease {
  const leaseMs = limits.leaseSeconds * 1_000;
  const everyMs = limits.heartbeatSeconds * 1_000;
  const tickMs = Math.min(TICK_MS, everyMs);
  const lost = new AbortController();
  const ended = AbortSignal.any([done, lost.signal]);
  let overAtMs = claimedAtMs + leaseMs;
  let dueAtMs = claimedAtMs + everyMs;
  let shown: Shown = { percent: Number.NEGATIVE_INFINITY, atMs: claimedAtMs };

  const lose = (why: string) => {
    if (ended.aborted) return;
    lost.abort();
    log.warn('lease lost', { why });
  };
  const renew = async (atMs: number, newest: Progress | undefined) => {
    try {
      const until = await jobs.heartbeat(held, newest);
      if (until === undefined) return lose('the record names another holder');
      overAtMs = atMs + leaseMs;
      dueAtMs = atMs + everyMs;
      if (newest) shown = { percent: newest.percent, atMs };
    } catch (error) {
      dueAtMs = atMs;
      log.warn('heartbeat without an answer', { error });
    }
  };
  const beat = async () => {
    while (!ended.aborted) {
      await clock.sleep(tickMs, ended);
      const atMs = clock.monotonicMs();
      if (atMs >= overAtMs) return; // The process was stopped meanwhile: `watch` gives the lease up.
      const newest = progress();
      if (!ended.aborted && (atMs >= dueAtMs || isWorthShowing(newest, shown, atMs))) await renew(atMs, newest);
    }
  };
  /** Runs beside `beat`, which may be waiting for an answer when the lease ends. */
  const watch = async () => {
    for (let leftMs = leaseMs; leftMs > 0 && !ended.aborted; leftMs = overAtMs - clock.monotonicMs())
      await clock.sleep(leftMs, ended);
    lose('it could not be renewed in time');
  };
  void beat();
  void watch();
  return {
    isHeld: () => !lost.signal.aborted && clock.monotonicMs() < overAtMs,
    lost: lost.signal,
  };
}

const isWorthShowing = (newest: Progress | undefined, shown: Shown, atMs: number): boolean =>
  newest !== undefined &&
  atMs - shown.atMs >= PROGRESS_EVERY_MS &&
  newest.percent - shown.percent >= PROGRESS_STEP_PERCENT;
