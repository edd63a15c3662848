import { describe, expect, it } from 'vitest';
import { keepLease } from '#containers/scan-worker/heartbeat.ts';
import { UnavailableError } from '#shared/errors.ts';
import type { Progress } from '#shared/task/task.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import { silentLog } from '#test/support/silent-log.ts';

const held = { jobId: 'job', taskId: '0001', attempt: 1, owner: 'worker/nonce', claims: [] };
const limits = { leaseSeconds: 60, heartbeatSeconds: 15 };

type Answer = 'kept' | 'lost' | 'none' | 'hangs';

/** A lease whose heartbeats are answered as given, the last answer for ever; tells when each was sent, in seconds, and its progress. */
function begin(answers: Answer[], progress: () => Progress | undefined = () => undefined) {
  const clock = fakeClock();
  const beats: (number | [number, number])[] = [];
  const done = new AbortController();
  const jobs = {
    heartbeat: async (_held: unknown, newest?: Progress) => {
      const at = clock.monotonicMs() / 1_000;
      beats.push(newest ? [at, newest.percent] : at);
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (answer === 'none') throw new UnavailableError('store_unavailable', 'no answer');
      if (answer === 'hangs') return new Promise<never>(() => undefined);
      return answer === 'kept' ? clock.now().toISOString() : undefined;
    },
  };
  const lease = keepLease({ jobs, clock, limits, log: silentLog }, held, 0, progress, done.signal);
  return { clock, beats, done, lease };
}

const at = (percent: number): Progress => ({ current: percent, total: 100, percent, message: 'scanning' });

describe('a lease', () => {
  it('is renewed every heartbeat', async () => {
    const { clock, beats, lease } = begin(['kept']);
    await clock.advance(61_000);
    expect(beats).toEqual([15, 30, 45, 60]);
    expect(lease.isHeld()).toBe(true);
  });

  it('is renewed again a second after a heartbeat without an answer', async () => {
    const { clock, beats } = begin(['none', 'none', 'kept']);
    await clock.advance(33_000);
    expect(beats).toEqual([15, 16, 17, 32]);
  });

  it('is lost when the record names another holder, and not renewed any more', async () => {
    const { clock, beats, lease } = begin(['kept', 'lost']);
    await clock.advance(29_000);
    expect(lease.isHeld()).toBe(true);
    await clock.advance(60_000);
    expect(beats).toEqual([15, 30]);
    expect(lease.isHeld()).toBe(false);
    expect(lease.lost.aborted).toBe(true);
  });

  it('is over, by the own clock, when no heartbeat was answered for its length', async () => {
    const { clock, lease } = begin(['kept', 'none']);
    await clock.advance(74_000);
    expect(lease.lost.aborted).toBe(false);
    await clock.advance(1_000);
    expect(lease.lost.aborted).toBe(true);
  });

  it('is over in time even while a heartbeat still waits for its answer', async () => {
    const { clock, beats, lease } = begin(['hangs']);
    await clock.advance(60_000);
    expect(beats).toEqual([15]);
    expect(lease.lost.aborted).toBe(true);
  });

  it('that ran out while the process was stopped is given up, and not asked for again', async () => {
    const { clock, beats, lease } = begin(['kept']);
    await clock.advance(14_000);
    clock.pause(60_000);
    expect(lease.isHeld()).toBe(false);
    await clock.advance(0);
    expect(beats).toEqual([]);
    expect(lease.lost.aborted).toBe(true);
  });

  it('is neither renewed nor lost once the work is done', async () => {
    const { clock, beats, done, lease } = begin(['kept']);
    await clock.advance(20_000);
    done.abort();
    await clock.advance(200_000);
    expect(beats).toEqual([15]);
    expect(lease.lost.aborted).toBe(false);
  });
});

describe('progress', () => {
  it('is written as soon as there is some, and then with each heartbeat', async () => {
    const { clock, beats } = begin(['kept'], () => (clock.monotonicMs() < 14_000 ? undefined : at(3)));
    await clock.advance(30_000);
    expect(beats).toEqual([
      [14, 3],
      [29, 3],
    ]);
  });

  it('is written when it moved by 5 %, at most every 2 seconds', async () => {
    const { clock, beats } = begin(['kept'], () => at(Math.min(20, Math.floor(clock.monotonicMs() / 1_000) * 4)));
    await clock.advance(14_000);
    expect(beats).toEqual([
      [2, 8],
      [4, 16],
    ]);
  });
});
