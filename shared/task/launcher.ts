/** The port that starts workers. */
import type { WorkerSize } from '../scanner/definition.ts';

export interface LaunchOutcome {
  /** ARNs of the workers that were accepted. */
  readonly started: readonly string[];
  /** One reason for each that was not, as in `RESOURCE:CPU`. */
  readonly failures: readonly string[];
}

export interface WorkerLauncher {
  /** Asks for up to 10 workers. The same `clientToken` never starts them twice. LimitError `launch_throttled` when ECS says slow down. */
  launch(size: WorkerSize, count: number, clientToken: string): Promise<LaunchOutcome>;
  /** ARNs of the workers of this size that are pending or running. */
  list(size: WorkerSize): Promise<readonly string[]>;
}
