import { expect, it } from 'vitest';
import { launchPace } from '#functions/dispatch-workers/launch-pace.ts';

/** What each of `count` callers, one right after the other, has to wait. */
function paced(burst: number, perSecond: number) {
  let nowMs = 0;
  const waits: number[] = [];
  const pace = launchPace({ burst, perSecond }, { nowMs: () => nowMs, sleep: async (ms) => void waits.push(ms) });
  return {
    waits,
    async call(count: number) {
      for (let n = 0; n < count; n += 1) await pace();
    },
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

it('lets a burst through, and then each caller one place later', async () => {
  const { call, waits } = paced(3, 20);
  await call(3);
  expect(waits).toEqual([]);
  await call(3);
  expect(waits).toEqual([50, 100, 150]);
});

it('fills up again with time, to a burst and no more', async () => {
  const { call, waits, pass } = paced(3, 20);
  await call(4);
  pass(3_600_000);
  await call(4);
  expect(waits).toEqual([50, 50]);
});

it('gives a second no more than its share, however it is asked', async () => {
  const { call, waits, pass } = paced(20, 20);
  await call(20);
  pass(500);
  await call(11);
  expect(waits).toEqual([50]);
});
