/** Why a task in progress is given up, told to everyone who works on it. */

/** deadline: the job's · window_closed: the caller's or the target policy's · lease_lost: the task is somebody else's now, nothing may be written · shutdown: this worker ends. */
export type StopReason = 'cancelled' | 'deadline' | 'window_closed' | 'lease_lost' | 'shutdown';

/** A time that ends a scan, and what for. */
export interface Until {
  readonly at: string;
  readonly reason: Extract<StopReason, 'deadline' | 'window_closed'>;
}

export interface Stop {
  /** Aborted at the first reason. */
  readonly signal: AbortSignal;
  /** The first reason given, but lease_lost overrides all: after it nothing is ours to write. */
  reason(): StopReason | undefined;
  now(reason: StopReason): void;
}

export function createStop(): Stop {
  const controller = new AbortController();
  let first: StopReason | undefined;
  return {
    signal: controller.signal,
    reason: () => first,
    now(reason) {
      if (first === undefined || reason === 'lease_lost') first = reason;
      controller.abort();
    },
  };
}
