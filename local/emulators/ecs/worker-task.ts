/** One task of the ECS emulator: its process, and what ECS would say of it. */
import { constants } from 'node:os';
import { WORKER_CONTAINER } from '#shared/names.ts';
import type { LocalProcess, ProcessEnd } from '../../process.ts';

export type StopCode = 'EssentialContainerExited' | 'UserInitiated' | 'TaskFailedToStart';

export interface WorkerTask {
  readonly arn: string;
  readonly family: string;
  readonly startedBy: string | undefined;
  readonly createdAt: Date;
  startedAt?: Date;
  process?: LocalProcess;
  /** Of one that waits for ever to start: ends the waiting, once somebody wants it to stop. */
  neverStarted?: () => void;
  /** Why somebody wanted it to stop. */
  stopReason?: string;
  stopped?: {
    readonly at: Date;
    readonly code: StopCode;
    readonly reason: string;
    readonly end: ProcessEnd | undefined;
  };
}

/**
 * The detail of the event that says a task has stopped: the same, with times as text. ECS counts a task's changes; this is the third, after
 * it was made and started.
 */
export function stoppedDetail(clusterArn: string, task: WorkerTask): object {
  const text = (at: Date | undefined) => at?.toISOString();
  const times = { createdAt: text(task.createdAt), startedAt: text(task.startedAt), stoppedAt: text(task.stopped?.at) };
  return { ...taskView(clusterArn, task), ...times, version: 3 };
}

/** What a container runtime reports for a process that a signal ended: 128 and its number. */
export const exitCodeOf = ({ code, signal }: ProcessEnd): number =>
  code ?? 128 + (signal === null ? 0 : constants.signals[signal]);

const seconds = (at: Date | undefined): number | undefined => at && at.getTime() / 1000;

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html; times in seconds since 1970. */
export function taskView(clusterArn: string, task: WorkerTask): object {
  const { arn, family, startedBy, createdAt, startedAt, stopped, stopReason } = task;
  const lastStatus = stopped ? 'STOPPED' : startedAt ? 'RUNNING' : 'PENDING';
  return {
    taskArn: arn,
    clusterArn,
    taskDefinitionArn: `${clusterArn.replace(/:cluster\/.*/, '')}:task-definition/${family}:1`,
    launchType: 'FARGATE',
    startedBy,
    lastStatus,
    desiredStatus: stopped || stopReason !== undefined ? 'STOPPED' : 'RUNNING',
    createdAt: seconds(createdAt),
    startedAt: seconds(startedAt),
    stoppedAt: seconds(stopped?.at),
    stopCode: stopped?.code,
    stoppedReason: stopped?.reason,
    containers: [
      {
        name: WORKER_CONTAINER,
        taskArn: arn,
        lastStatus,
        exitCode: stopped?.end && exitCodeOf(stopped.end),
        reason: stopped?.end?.signal ?? undefined,
      },
    ],
  };
}
