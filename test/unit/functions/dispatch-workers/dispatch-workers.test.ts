import { beforeEach, describe, expect, it } from 'vitest';
import { DispatchDetail, dispatchWorkers } from '#functions/dispatch-workers/dispatch-workers.ts';
import { LimitError, UnavailableError } from '#shared/errors.ts';
import type { WorkerSize } from '#shared/scanner/definition.ts';
import type { WorkerLauncher } from '#shared/task/launcher.ts';
import { captureLog } from '#test/support/log-lines.ts';

let depths: Record<WorkerSize, { visible: number; inFlight: number; delayed: number }>;
let running: Record<WorkerSize, string[]>;
let launches: { size: WorkerSize; count: number; token: string }[];
let clock: Date;

beforeEach(() => {
  captureLog();
  depths = { small: { visible: 0, inFlight: 0, delayed: 0 }, large: { visible: 0, inFlight: 0, delayed: 0 } };
  running = { small: [], large: [] };
  launches = [];
  clock = new Date('2026-01-31T12:00:00.000Z');
});

const accepting: WorkerLauncher['launch'] = async (size, count, token) => {
  launches.push({ size, count, token });
  return { started: [`worker-${launches.length}`], failures: [] };
};
const dispatch = (detail: object = {}, launch = accepting) =>
  dispatchWorkers(
    {
      queue: { depth: async (size) => depths[size] },
      launcher: { launch, list: async (size) => running[size] },
      limits: { workerSlots: 3, maxWorkers: 20 },
      now: () => clock,
    },
    DispatchDetail.parse(detail),
  );

describe('dispatch-workers', () => {
  it.each([
    ['nothing waits', 0, 0, 0, 0],
    ['one task waits', 1, 0, 0, 1],
    ['as many wait as one worker has slots', 3, 0, 0, 1],
    ['one more waits', 4, 0, 0, 2],
    ['tasks are running on the workers there are', 2, 3, 1, 1],
    ['there are enough workers', 3, 3, 2, 0],
    ['there are too many workers', 1, 0, 5, 0],
    ['more wait than workers are allowed', 1_000, 0, 15, 5],
  ])('when %s (%i waiting, %i in flight, %i workers) starts %i', async (_what, visible, inFlight, workers, started) => {
    depths.small = { visible, inFlight, delayed: 7 };
    running.small = Array.from({ length: workers }, (_, n) => `arn-${n}`);
    const { small } = await dispatch();
    expect(small?.started).toBe(started);
    expect(launches).toHaveLength(started);
  });

  it('gives a large worker one task', async () => {
    depths.large = { visible: 2, inFlight: 0, delayed: 0 };
    await dispatch();
    expect(launches.map(({ size, count }) => [size, count])).toEqual([
      ['large', 1],
      ['large', 1],
    ]);
  });

  it('starts one for a job just submitted, which the queue does not show yet', async () => {
    await dispatch({ workerSizes: ['small'], jobId: 'j', traceId: 't' });
    expect(launches.map(({ size }) => size)).toEqual(['small']);
  });

  it('asks ECS for the same workers again when it runs twice in one moment', async () => {
    depths.small.visible = 6;
    await Promise.all([dispatch(), dispatch()]);
    const tokens = launches.map(({ token }) => token);
    expect(tokens).toHaveLength(4);
    expect(new Set(tokens).size).toBe(2);
  });

  it('asks only for the difference when more has come in that moment', async () => {
    depths.small.visible = 3;
    await dispatch();
    depths.small.visible = 9;
    await dispatch();
    expect(new Set(launches.map(({ token }) => token)).size).toBe(3);
  });

  it('asks anew when the workers are others, or time has passed', async () => {
    depths.small.visible = 3;
    await dispatch();
    clock = new Date('2026-01-31T12:00:10.000Z');
    await dispatch();
    running.small = ['arn-1'];
    depths.small.visible = 6;
    await dispatch();
    expect(new Set(launches.map(({ token }) => token)).size).toBe(3);
    for (const { token } of launches) expect(token).toMatch(/^[0-9a-f]{32}$/);
  });

  it('says what ECS could not place', async () => {
    depths.small.visible = 1;
    const { small } = await dispatch({}, async () => ({ started: [], failures: ['RESOURCE:CPU'] }));
    expect(small).toMatchObject({ started: 0, failures: ['RESOURCE:CPU'], throttled: false });
  });

  it('leaves the rest to the next minute when ECS says slow down', async () => {
    depths.small.visible = 60;
    const { small } = await dispatch({}, async (...given) => {
      if (launches.length === 2) throw new LimitError('launch_throttled', 'slow down', 1);
      return accepting(...given);
    });
    expect(small).toMatchObject({ wanted: 20, started: 2, throttled: true });
  });

  it('fails when ECS does, for the event to be delivered again', async () => {
    depths.small.visible = 1;
    const away = () => Promise.reject(new UnavailableError('ecs', 'away'));
    await expect(dispatch({}, away)).rejects.toThrow('away');
  });
});
