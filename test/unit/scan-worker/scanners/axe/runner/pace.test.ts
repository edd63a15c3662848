import { expect, it } from 'vitest';
import { pace } from '#containers/scan-worker/scanners/axe/runner/pace.ts';
import { fakeClock } from '#test/support/fake-clock.ts';

it('lets so many go in a second as was said, evenly, and not more after a pause', async () => {
  const clock = fakeClock();
  const turn = pace(4, clock);
  const leftAtMs: number[] = [];
  const leave = () => void turn().then(() => leftAtMs.push(clock.monotonicMs()));
  for (const _ of [1, 2, 3]) leave();
  await clock.advance(5_000);
  for (const _ of [1, 2]) leave();
  await clock.advance(1_000);
  expect(leftAtMs).toEqual([0, 250, 500, 5_000, 5_250]);
});
