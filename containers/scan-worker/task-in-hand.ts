/** A claimed task, as those see it who work on it. */
import type { Usage } from '#shared/cost/usage.ts';
import type { ClaimedTask } from '#shared/job/store.ts';
import type { Lease } from './heartbeat.ts';
import type { Log } from './log.ts';
import type { Stop } from './stop.ts';
import type { TaskProgress } from './task-progress.ts';
import type { TaskTrace } from './task-trace.ts';

export interface TaskInHand extends ClaimedTask {
  readonly lease: Lease;
  readonly stop: Stop;
  readonly progress: TaskProgress;
  readonly trace: TaskTrace;
  /** Private; gone when the work ends. */
  readonly directory: string;
  /** This worker is to end. */
  readonly shutdown: AbortSignal;
  /** The work on this task has ended. */
  readonly done: AbortSignal;
  readonly log: Log;
  /** What this attempt used up to now, with so much stored. */
  readonly used: (storedBytes: number) => Usage;
}
