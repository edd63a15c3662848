import { describe, expect, it } from 'vitest';
import { needOf } from '#functions/dispatch-workers/need.ts';
import type { LaunchedWorker } from '#shared/task/launcher.ts';

const NOW = new Date('2026-01-31T12:00:10.000Z');
const LIMITS = { workerSlots: 3, maxWorkers: 20, launchSeconds: 300 };
/** Half minutes since 1970. */
const WINDOW = 58_995_360;

const worker = (started: boolean, secondsAgo: number, name?: string): LaunchedWorker => ({
  arn: `arn-${name}`,
  name,
  launchedAt: new Date(NOW.getTime() - secondsAgo * 1_000),
  started,
});
const several = (count: number, started: boolean, secondsAgo = 60) =>
  Array.from({ length: count }, (_, n) => worker(started, secondsAgo, `old-${n}`));
const small = (waiting: number, workers: readonly LaunchedWorker[] = [], now = NOW) =>
  needOf('small', waiting, workers, now, LIMITS);
const names = (need: ReturnType<typeof needOf>) => need.launches.map(({ name }) => name);

describe('workers that are missing', () => {
  // biome-ignore format: a table reads by column
  it.each([
    ['nothing waits',                                  0,     0,  0, 0],
    ['one task waits',                                 1,     0,  0, 1],
    ['as many wait as one worker has slots',           3,     0,  0, 1],
    ['one more waits',                                 4,     0,  0, 2],
    ['a worker starts that will take them',            3,     0,  1, 0],
    ['more wait than those who start will take',       7,     0,  1, 2],
    ['those who run leave a task waiting',             1,     5,  0, 1],
    ['some run, one starts, and more wait than that',  5,     2,  1, 1],
    ['enough start',                                   4,     3,  2, 0],
    ['more start than are needed',                     1,     0,  5, 0],
    ['more wait than workers are allowed',             1_000, 15, 0, 5],
    ['the workers allowed run or start',               1_000, 15, 5, 0],
    ['more run than are allowed',                      1_000, 25, 0, 0],
  ])('when %s (%i waiting, %i running, %i starting) are %i', (_what, waiting, running, starting, missing) => {
    const need = small(waiting, [...several(running, true), ...several(starting, false)]);
    expect(need.launches).toHaveLength(missing);
    expect(need).toMatchObject({ running, starting, overdue: [] });
  });

  it('one a task where a task takes a whole worker', () =>
    expect(needOf('large', 2, [], NOW, LIMITS).launches.map(({ size }) => size)).toEqual(['large', 'large']));
});

describe('a launch that does not start', () => {
  it('is waited for as long as is allowed', () => {
    expect(small(1, [worker(false, 300)])).toMatchObject({ starting: 1, overdue: [], launches: [] });
  });

  it('is stopped and replaced then, on demand', () => {
    const late = worker(false, 300.001, `small-${WINDOW}-1`);
    expect(small(1, [late])).toEqual({
      running: 0,
      starting: 0,
      overdue: [late],
      launches: [{ size: 'small', name: `small-${WINDOW}-2`, capacity: 'on_demand' }],
    });
  });

  it('is not replaced when nothing waits any more', () =>
    expect(small(0, [worker(false, 900)])).toMatchObject({ overdue: [{}], launches: [] }));

  it('is no worker that has started long ago', () =>
    expect(small(0, [worker(true, 90_000)])).toMatchObject({ running: 1, overdue: [] }));
});

describe('names', () => {
  it('are the same for runs that see the same, or not yet what another launched', () => {
    expect(names(small(6))).toEqual([`small-${WINDOW}-1`, `small-${WINDOW}-2`]);
    expect(names(small(9))).toEqual([`small-${WINDOW}-1`, `small-${WINDOW}-2`, `small-${WINDOW}-3`]);
  });

  it('go on where launches of a moment ago are seen', () => {
    const seen = [worker(false, 1, `small-${WINDOW}-2`)];
    expect(names(small(9, seen))).toEqual([`small-${WINDOW}-1`, `small-${WINDOW}-3`]);
  });

  it('are others in the next half minute, and for the other size', () => {
    expect(names(small(1, [], new Date('2026-01-31T12:00:30.000Z')))).toEqual([`small-${WINDOW + 1}-1`]);
    expect(names(needOf('large', 1, [], NOW, LIMITS))).toEqual([`large-${WINDOW}-1`]);
  });
});
