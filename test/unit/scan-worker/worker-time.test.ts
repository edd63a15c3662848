import { describe, expect, it } from 'vitest';
import { workerTime } from '#containers/scan-worker/worker-time.ts';

function timed() {
  let ms = 1_000;
  const time = workerTime({ monotonicMs: () => ms });
  return { time, pass: (more: number) => (ms += more) };
}

describe("a worker's time", () => {
  it('is whole for a task that runs alone', () => {
    const { time, pass } = timed();
    pass(500);
    const share = time.begin();
    pass(40);
    expect(share.readMs()).toBe(40);
    pass(2);
    expect(share.readMs()).toBe(42);
  });

  it('is divided by as many as run at each moment, and adds up to what passed', () => {
    const { time, pass } = timed();
    const first = time.begin();
    pass(10);
    const second = time.begin();
    pass(10);
    const third = time.begin();
    pass(30);
    first.end();
    pass(10);
    expect([first, second, third].map((share) => share.readMs())).toEqual([10 + 5 + 10, 5 + 10 + 5, 10 + 5]);
  });

  it('is nobody’s while nothing runs', () => {
    const { time, pass } = timed();
    time.begin().end();
    pass(1_000);
    const share = time.begin();
    pass(1);
    expect(share.readMs()).toBe(1);
  });
});
