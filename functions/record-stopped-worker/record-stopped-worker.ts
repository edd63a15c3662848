/**
 * Keeps why a worker stopped, for the sweeper, which finds the leases it left behind and puts the cause into their tasks. Nothing depends
 * on it: without the event, a late one, or one after another, a lost lease is a lost lease.
 */
import * as z from 'zod';
import type { JobStore } from '#shared/job/store.ts';
import { WORKER_CONTAINER } from '#shared/names.ts';
import { logger } from '#shared/observability/logger.ts';
import { record } from '#shared/observability/metrics.ts';
import { errorOfStop } from '#shared/task/stopped-worker.ts';

/** What is used of a task that stopped: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html */
export const StoppedTaskDetail = z.object({
  /** Rises with each change of the task. Events come at least once, and in any order. */
  version: z.int(),
  /** The worker's name, as it was launched. */
  startedBy: z.string().optional(),
  stopCode: z.string().optional(),
  stoppedReason: z.string().optional(),
  containers: z
    .array(z.object({ name: z.string(), exitCode: z.int().optional(), reason: z.string().optional() }))
    .default([]),
});
export type StoppedTaskDetail = z.output<typeof StoppedTaskDetail>;

export interface RecordStoppedWorkerDeps {
  readonly jobs: Pick<JobStore, 'recordStoppedWorker'>;
}

/** The worker and what ended it, if that is worth knowing. */
export async function recordStoppedWorker(
  { jobs }: RecordStoppedWorkerDeps,
  { version, startedBy: worker, stopCode, stoppedReason, containers }: StoppedTaskDetail,
): Promise<{ worker?: string; cause?: string }> {
  if (worker === undefined) return {};
  const container = containers.find(({ name }) => name === WORKER_CONTAINER);
  const { exitCode, reason: containerReason } = container ?? {};
  const error = errorOfStop({ stopCode, stoppedReason, exitCode, containerReason });
  if (error === undefined) return { worker };
  const { code: cause, message } = error;
  logger.warn('a worker ended before its time', { worker, cause, why: message });
  record({ workersLost: 1 }, { cause });
  await jobs.recordStoppedWorker({ worker, version, error });
  return { worker, cause };
}
