import { beforeEach, expect, it } from 'vitest';
import { recordStoppedWorker, StoppedTaskDetail } from '#functions/record-stopped-worker/record-stopped-worker.ts';
import type { StoppedWorker } from '#shared/task/stopped-worker.ts';
import { captureLog } from '#test/support/log-lines.ts';

let recorded: StoppedWorker[];
let log: ReturnType<typeof captureLog>;
beforeEach(() => {
  recorded = [];
  log = captureLog();
});

const jobs = { recordStoppedWorker: async (stopped: StoppedWorker) => void recorded.push(stopped) };
const receive = (detail: object) => recordStoppedWorker({ jobs }, StoppedTaskDetail.parse(detail));

/** As ECS sends it, in part. */
const KILLED = {
  taskArn: 'arn:aws:ecs:eu-central-1:111111111111:task/scanfleet/1',
  startedBy: 'small-1-1',
  version: 5,
  lastStatus: 'STOPPED',
  stopCode: 'EssentialContainerExited',
  stoppedReason: 'Essential container in task exited',
  containers: [
    { name: 'aws-guardduty-agent', lastStatus: 'STOPPED', exitCode: 0 },
    { name: 'scan-worker', lastStatus: 'STOPPED', exitCode: 137, reason: 'OutOfMemoryError: Container killed' },
  ],
};

it('keeps why a worker ended before its time, under its name, and counts it', async () => {
  expect(await receive(KILLED)).toEqual({ worker: 'small-1-1', cause: 'oom' });
  expect(recorded).toEqual([
    {
      worker: 'small-1-1',
      version: 5,
      error: { code: 'oom', message: expect.stringContaining('OutOfMemoryError'), retryable: true },
    },
  ]);
  expect(log.lines).toContainEqual(expect.objectContaining({ WorkersLost: 1, cause: 'oom' }));
  expect(log.lines).toContainEqual(expect.objectContaining({ level: 'WARN', worker: 'small-1-1', cause: 'oom' }));
});

it('keeps nothing of a worker that ended well', async () => {
  const containers = [{ name: 'scan-worker', exitCode: 0 }];
  expect(await receive({ ...KILLED, containers })).toEqual({ worker: 'small-1-1' });
  expect(recorded).toEqual([]);
});

it('keeps nothing of a task that nobody launched as a worker', async () => {
  const { startedBy: _, ...unnamed } = KILLED;
  expect(await receive(unnamed)).toEqual({});
  expect(recorded).toEqual([]);
});

it('knows what it can of one whose container never ran', async () => {
  const { containers: _, ...failed } = { ...KILLED, stopCode: 'TaskFailedToStart' };
  expect(await receive(failed)).toEqual({ worker: 'small-1-1', cause: 'worker_not_started' });
});

it.each([{ ...KILLED, version: 'five' }, { ...KILLED, containers: [{ exitCode: 1 }] }, {}])(
  'refuses what is no such event: %#',
  (detail) => expect(StoppedTaskDetail.safeParse(detail).success).toBe(false),
);
