import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { repeating } from '#local/repeat.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Runs that end when told. */
function held() {
  const inputs: string[] = [];
  const ends: (() => void)[] = [];
  const run = (input: string) => {
    inputs.push(input);
    return new Promise<void>((resolve) => ends.push(resolve));
  };
  return { inputs, run, end: () => (ends.shift() ?? (() => undefined))() };
}

it('runs on schedule', async () => {
  const { inputs, run, end } = held();
  const repeat = repeating({ intervalMs: 1_000, scheduled: () => 'tick' }, run);
  await vi.advanceTimersByTimeAsync(1_000);
  end();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(inputs).toEqual(['tick', 'tick']);
  end();
  await repeat.stop();
});

it('never overlaps itself: what is asked for meanwhile makes one run, with the last input', async () => {
  const { inputs, run, end } = held();
  const repeat = repeating({ intervalMs: 1_000, scheduled: () => 'tick' }, run);
  repeat.request('a');
  repeat.request('b');
  repeat.request('c');
  await vi.advanceTimersByTimeAsync(0);
  expect(inputs).toEqual(['a']);
  end();
  await vi.advanceTimersByTimeAsync(0);
  expect(inputs).toEqual(['a', 'c']);
  end();
  await vi.advanceTimersByTimeAsync(500);
  expect(inputs).toEqual(['a', 'c']);
  await repeat.stop();
});

it('pauses between two runs, but not before the first', async () => {
  const inputs: string[] = [];
  const run = async (input: string) => void inputs.push(input);
  const repeat = repeating({ intervalMs: 60_000, scheduled: () => 'tick', pauseMs: 500 }, run);
  repeat.request('a');
  await vi.advanceTimersByTimeAsync(0);
  repeat.request('b');
  await vi.advanceTimersByTimeAsync(499);
  expect(inputs).toEqual(['a']);
  await vi.advanceTimersByTimeAsync(1);
  expect(inputs).toEqual(['a', 'b']);
  await repeat.stop();
});

it('waits for the run under way when it is stopped, and runs no more', async () => {
  const { inputs, run, end } = held();
  const repeat = repeating({ intervalMs: 1_000, scheduled: () => 'tick' }, run);
  repeat.request('a');
  repeat.request('b');
  let stopped = false;
  const stopping = repeat.stop().then(() => {
    stopped = true;
  });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(stopped).toBe(false);
  end();
  await stopping;
  repeat.request('c');
  await vi.advanceTimersByTimeAsync(5_000);
  expect(inputs).toEqual(['a']);
});
