/** The port that starts workers. ECS keeps the only record of them: what was launched is found again by its name. */
import type { WorkerSize } from '../scanner/definition.ts';

export interface Launch {
  readonly size: WorkerSize;
  /** What the worker calls itself in claims and logs. */
  readonly name: string;
  /** `spot` is Spot where there is room, else on demand. */
  readonly capacity: 'spot' | 'on_demand';
}

/** A worker that is to run: launched, and not stopped. */
export interface LaunchedWorker {
  readonly arn: string;
  /** Undefined for one that somebody else started. */
  readonly name: string | undefined;
  readonly launchedAt: Date;
  /** False while its network and image are being made ready. */
  readonly started: boolean;
}

export interface WorkerLauncher {
  /**
   * Asks for a worker. The same launch again, even at the same moment, starts no second one. Gives the reason when there is no room for it, as
   * in `RESOURCE:CPU`. LimitError `launch_throttled` when ECS says slow down.
   */
  launch(launch: Launch): Promise<string | undefined>;
  list(size: WorkerSize): Promise<readonly LaunchedWorker[]>;
  /** Of one that has stopped: nothing. */
  stop(worker: Pick<LaunchedWorker, 'arn'>, reason: string): Promise<void>;
}
