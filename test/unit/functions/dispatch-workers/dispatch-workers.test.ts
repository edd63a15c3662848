import { beforeEach, describe, expect, it } from 'vitest';
import { DispatchDetail, dispatchWorkers } from '#functions/dispatch-workers/dispatch-workers.ts';
import { LimitError, UnavailableError } from '#shared/errors.ts';
import type { WorkerSize } from '#shared/scanner/definition.ts';
import type { Launch, LaunchedWorker, WorkerLauncher } from '#shared/task/launcher.ts';
import { captureLog } from '#test/support/log-lines.ts';

const NOW = new Date('2026-01-31T12:00:00.000Z');

/** What the queue shows, one number a look; the last for all further looks. */
let visible: Record<WorkerSize, number[]>;
let workers: Record<WorkerSize, LaunchedWorker[]>;
let launches: Launch[];
let stopped: string[];
let slept: number[];
let paced: number;

beforeEach(() => {
  captureLog();
  visible = { small: [0], large: [0] };
  workers = { small: [], large: [] };
  launches = [];
  stopped = [];
  slept = [];
  paced = 0;
});

const accepting: WorkerLauncher['launch'] = async (launch) => {
  launches.push(launch);
  return undefined;
};
const dispatch = (detail: object = {}, launch = accepting, remainingMs = () => 60_000) =>
  dispatchWorkers(
    {
      queue: {
        depth: async (size) => {
          const [now = 0, ...later] = visible[size];
          if (later.length > 0) visible[size] = later;
          return { visible: now, inFlight: 7, delayed: 7 };
        },
      },
      launcher: { launch, list: async (size) => workers[size], stop: async ({ arn }) => void stopped.push(arn) },
      limits: { workerSlots: 3, maxWorkers: 20, launchSeconds: 300 },
      now: () => NOW,
      sleep: async (ms) => void slept.push(ms),
      pace: async () => {
        paced += 1;
      },
    },
    DispatchDetail.parse(detail),
    remainingMs,
  );
const worker = (arn: string, started: boolean, launchedAt = NOW): LaunchedWorker => ({
  arn,
  name: arn,
  launchedAt,
  started,
});

describe('dispatch-workers', () => {
  it('launches what is missing of each size, at the pace it is given', async () => {
    visible = { small: [4], large: [1] };
    const done = await dispatch();
    expect(launches.map(({ size }) => size).sort()).toEqual(['large', 'small', 'small']);
    expect(done.small).toEqual({
      waiting: 4,
      running: 0,
      starting: 0,
      overdue: 0,
      launched: 2,
      left: 0,
      refusals: [],
    });
    expect(paced).toBe(3);
    expect(slept).toEqual([]);
  });

  it('launches one for a job just submitted, which the queue does not show yet', async () => {
    await dispatch({ workerSizes: ['small'], jobId: 'j', traceId: 't' });
    expect(launches.map(({ size }) => size)).toEqual(['small']);
  });

  it('launches none for tasks that a running worker takes in the next moment', async () => {
    workers.small = [worker('a', true)];
    visible.small = [2, 0];
    expect((await dispatch({ workerSizes: ['small'] })).small).toMatchObject({ waiting: 0, launched: 0 });
    expect(slept).toEqual([2_000]);
  });

  it('launches one when the workers there are leave a task waiting, however few wait', async () => {
    workers.small = [worker('a', true)];
    visible.small = [1];
    expect((await dispatch()).small).toMatchObject({ waiting: 1, running: 1, launched: 1 });
  });

  it('does not take one task that came late for the one that waited', async () => {
    workers.small = [worker('a', true)];
    visible.small = [0, 5];
    expect((await dispatch({ workerSizes: ['small'] })).small).toMatchObject({ waiting: 1, launched: 1 });
  });

  it('does not wait for workers that are starting', async () => {
    workers.small = [worker('a', false)];
    visible.small = [3];
    expect((await dispatch()).small).toMatchObject({ starting: 1, launched: 0 });
    expect(slept).toEqual([]);
  });

  it('stops what does not start, and launches others', async () => {
    workers.small = [worker('a', false, new Date('2026-01-31T11:54:59.000Z'))];
    visible.small = [1];
    expect((await dispatch()).small).toMatchObject({ overdue: 1, launched: 1 });
    expect(stopped).toEqual(['a']);
    expect(launches).toMatchObject([{ capacity: 'on_demand' }]);
  });

  it('says what there was no room for', async () => {
    visible.small = [1];
    const { small } = await dispatch({}, async () => 'RESOURCE:CPU');
    expect(small).toMatchObject({ launched: 0, refusals: ['RESOURCE:CPU'] });
  });

  it('leaves the rest to the next minute when ECS says slow down', async () => {
    visible.small = [60];
    const { small } = await dispatch({}, async (one) => {
      if (launches.length === 2) throw new LimitError('launch_throttled', 'slow down', 1);
      return accepting(one);
    });
    expect(small).toMatchObject({ launched: 2, left: 18 });
    expect(launches).toHaveLength(2);
  });

  it('launches nothing more when its own time is nearly up', async () => {
    visible.small = [60];
    const { small } = await dispatch({}, accepting, () => (launches.length < 3 ? 60_000 : 9_999));
    expect(small).toMatchObject({ launched: 3, left: 17 });
  });

  it('fails when ECS does, for the event to be delivered again', async () => {
    visible.small = [1];
    const away = () => Promise.reject(new UnavailableError('ecs', 'away'));
    await expect(dispatch({}, away)).rejects.toThrow('away');
  });
});
