import { expect, it } from 'vitest';
import { retry } from '#containers/scan-worker/retry.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import { silentLog } from '#test/support/silent-log.ts';

/** Something that fails as often as told; records when it was tried, in seconds. */
function begin(failures: number) {
  const clock = fakeClock();
  const giveUp = new AbortController();
  const triedAt: number[] = [];
  const ended = retry({ clock, random: () => 1, log: silentLog }, 'it', giveUp.signal, async () => {
    triedAt.push(clock.monotonicMs() / 1_000);
    if (triedAt.length <= failures) throw new Error(`failure ${triedAt.length}`);
    return 'done';
  }).catch((error: Error) => error.message);
  return { clock, giveUp, triedAt, ended };
}

it('tries again after pauses that double', async () => {
  const { clock, triedAt, ended } = begin(3);
  await clock.advance(60_000);
  expect(await ended).toBe('done');
  expect(triedAt).toEqual([0, 2, 6, 14]);
});

it('gives up after ten tries, with the last failure', async () => {
  const { clock, triedAt, ended } = begin(99);
  await clock.advance(3_600_000);
  expect(await ended).toBe('failure 10');
  expect(triedAt).toHaveLength(10);
});

it('gives up when told to, without another try', async () => {
  const { clock, giveUp, triedAt, ended } = begin(99);
  await clock.advance(1_000);
  giveUp.abort();
  expect(await ended).toBe('failure 1');
  expect(triedAt).toEqual([0]);
});
