import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type BusEvent, startBackground } from '#local/background.ts';
import type { BufferedHandler } from '#local/gateway/invocation.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function start(handlers: Record<string, () => Promise<void>> = {}) {
  const calls: string[] = [];
  const faults: string[] = [];
  const handler =
    (name: string): BufferedHandler =>
    async (event) => {
      calls.push(`${name} ${(event as BusEvent)['detail-type']}`);
      await handlers[name]?.();
    };
  const names = [
    ...['dispatch-workers', 'record-stopped-worker', 'sweep-tasks', 'build-report'],
    ...['start-follow-ups', 'sign-evidence'],
  ];
  const background = startBackground(
    {
      functions: new Map(names.map((name) => [name, handler(name)])),
      now: () => new Date('2026-11-21T00:00:00Z'),
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      onFault: (fault) => faults.push(`${fault.function} ${fault.attempt}`),
    },
    { sweepMs: 10_000 },
  );
  const event = (type: string) => ({ 'detail-type': type, detail: {} }) as BusEvent;
  return { background, calls, faults, event };
}

it('sweeps at once and on schedule, and dispatches after each sweep', async () => {
  const { background, calls } = start();
  await vi.advanceTimersByTimeAsync(0);
  const once = ['sweep-tasks Scheduled Event', 'dispatch-workers Scheduled Event'];
  expect(calls).toEqual(once);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(calls).toEqual([...once, ...once]);
  await background.close();
});

it('dispatches each minute even while a sweep takes long', async () => {
  const { background, calls } = start({ 'sweep-tasks': () => new Promise((resolve) => setTimeout(resolve, 300_000)) });
  await vi.advanceTimersByTimeAsync(120_000);
  expect(calls).toEqual([
    'sweep-tasks Scheduled Event',
    'dispatch-workers Scheduled Event',
    'dispatch-workers Scheduled Event',
  ]);
  const closing = background.close();
  await vi.advanceTimersByTimeAsync(300_000);
  await closing;
});

it('starts what follows each event', async () => {
  const { background, calls, event } = start();
  await vi.advanceTimersByTimeAsync(0);
  calls.length = 0;
  for (const type of ['JobSubmitted', 'ReportRequested', 'JobFinished']) background.deliver(event(type));
  await vi.advanceTimersByTimeAsync(500);
  expect(calls.sort()).toEqual([
    'build-report ReportRequested',
    'dispatch-workers JobSubmitted',
    'sign-evidence JobFinished',
    'start-follow-ups JobFinished',
  ]);
  await background.close();
});

it('records why a worker stopped, and dispatches', async () => {
  const { background, calls, event } = start();
  await vi.advanceTimersByTimeAsync(500);
  calls.length = 0;
  background.deliver(event('ECS Task State Change'));
  await vi.advanceTimersByTimeAsync(500);
  expect(calls.sort()).toEqual([
    'dispatch-workers ECS Task State Change',
    'record-stopped-worker ECS Task State Change',
  ]);
  await background.close();
});

it('builds each report that is asked for', async () => {
  const { background, calls, event } = start();
  background.deliver(event('ReportRequested'));
  background.deliver(event('ReportRequested'));
  await vi.advanceTimersByTimeAsync(0);
  expect(calls.filter((call) => call.startsWith('build-report'))).toHaveLength(2);
  await background.close();
});

it('tries a function that fails three times in all', async () => {
  const { background, faults, event } = start({ 'build-report': () => Promise.reject(new Error('no')) });
  background.deliver(event('ReportRequested'));
  await vi.advanceTimersByTimeAsync(9_000);
  expect(faults).toEqual(['build-report 1', 'build-report 2', 'build-report 3']);
  await background.close();
});

it('waits for what runs when it is closed, but not for ever', async () => {
  const { background, event } = start({ 'build-report': () => new Promise(() => undefined) });
  background.deliver(event('ReportRequested'));
  let closed = false;
  const closing = background.close().then(() => {
    closed = true;
  });
  await vi.advanceTimersByTimeAsync(9_999);
  expect(closed).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  await closing;
});

it('starts nothing more once it is closed', async () => {
  const { background, calls, event } = start();
  await vi.advanceTimersByTimeAsync(0);
  await background.close();
  calls.length = 0;
  background.deliver(event('ReportRequested'));
  background.deliver(event('JobSubmitted'));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(calls).toEqual([]);
});
