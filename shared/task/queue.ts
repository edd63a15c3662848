/** The port of the task queues, one for each worker size. A message is only a wake-up: the lease in the table decides. */
import type { WorkerSize } from '../scanner/definition.ts';
import type { TaskRef } from './task.ts';

export interface ReceivedMessage {
  /** As it came; hostile until parsed. */
  readonly body: string;
  /** What `remove` needs. */
  readonly receipt: string;
  readonly receiveCount: number;
}

export interface TaskQueue {
  /** Sends one message a task, 10 a call; parts that failed are sent again. UnavailableError when some could not be sent: the sweeper will. */
  send(refs: readonly TaskRef[], delaySeconds?: number): Promise<void>;
  /** Waits up to `waitSeconds` (20 at most) for up to `max` (10 at most) messages; ends early, empty, when `signal` is aborted. */
  receive(
    size: WorkerSize,
    options: { max: number; waitSeconds: number; signal?: AbortSignal },
  ): Promise<readonly ReceivedMessage[]>;
  remove(size: WorkerSize, receipt: string): Promise<void>;
  /** Approximate, as SQS counts. */
  depth(size: WorkerSize): Promise<{ visible: number; inFlight: number; delayed: number }>;
}
