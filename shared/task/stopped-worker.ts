/** Why a worker ended, and what the tasks it held failed of. */
import { OUT_OF_MEMORY } from './next-try.ts';
import type { TaskError } from './task.ts';

/** How ECS says that a worker stopped: stop codes and reasons of the developer guide, "Stopped tasks error messages". */
export interface WorkerStop {
  readonly stopCode?: string | undefined;
  readonly stoppedReason?: string | undefined;
  /** Of the worker's container; absent when that never ran. */
  readonly exitCode?: number | undefined;
  readonly containerReason?: string | undefined;
}

/** A worker that ended before its time. */
export interface StoppedWorker {
  /** Its name, as leases have it. */
  readonly worker: string;
  /** ECS counts the changes of a task: of two reports the higher one knows more. */
  readonly version: number;
  readonly error: TaskError;
}

/** 128 + 9: SIGKILL. */
const KILLED_CODE = 137;
const MAX_MESSAGE_CHARACTERS = 500;

/**
 * Undefined for a worker that ended well, with every task given back. One that was killed (137) is out of memory only where ECS says so:
 * somebody's `kill -9`, and a stop that took too long, end with the same code, and a larger worker would not help against those.
 */
export function errorOfStop(stop: WorkerStop): TaskError | undefined {
  const { exitCode, containerReason, stoppedReason } = stop;
  if (exitCode === 0) return undefined;
  const [code, what] = causeOf(stop);
  const details = [
    exitCode === undefined ? undefined : `exit code ${exitCode}`,
    ...new Set([containerReason, stoppedReason]),
  ];
  const message = `${what} (${details.filter(Boolean).join('; ') || 'no reason given'})`;
  return { code, message: message.slice(0, MAX_MESSAGE_CHARACTERS), retryable: true };
}

function causeOf({ stopCode, stoppedReason, exitCode, containerReason }: WorkerStop): [code: string, what: string] {
  if (isOutOfMemory({ exitCode, containerReason })) return [OUT_OF_MEMORY, 'its worker was killed for want of memory'];
  switch (stopCode) {
    case 'SpotInterruption':
      return ['spot_reclaimed', 'AWS took the Spot capacity of its worker back'];
    case 'TaskFailedToStart':
      return /CannotPull|image/i.test(`${stoppedReason} ${containerReason}`)
        ? ['image_unavailable', "the worker's image could not be pulled"]
        : ['worker_not_started', 'the worker could not start'];
    case 'EssentialContainerExited':
      return ['worker_failed', 'its worker failed'];
    default:
      return ['worker_stopped', 'its worker was stopped'];
  }
}

/**
 * "OutOfMemoryError: Container killed due to memory usage" (developer guide, "OutOfMemoryError errors"). A container bears that reason for
 * good once the kernel killed any process of it, a scanner for one, however it ends itself later
 * (https://github.com/aws/amazon-ecs-agent/issues/2467): so the exit code must agree, where there is one.
 */
const isOutOfMemory = ({ exitCode = KILLED_CODE, containerReason = '' }: WorkerStop): boolean =>
  exitCode === KILLED_CODE && /OutOfMemory/.test(containerReason);
