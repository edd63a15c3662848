import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { BusEvent } from '#local/background.ts';
import { faultKit } from '#local/faults/kit.ts';
import { readFaults } from '#local/faults/plan.ts';
import { captureLog } from '#test/support/log-lines.ts';

let log: ReturnType<typeof captureLog>;
beforeEach(() => {
  vi.useFakeTimers();
  log = captureLog();
});
afterEach(() => vi.useRealTimers());

const sleep = (ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve, reject) => {
    setTimeout(resolve, ms);
    signal.addEventListener('abort', reject);
  });
const kitOf = (faults: string) => faultKit(readFaults(`${faults},seed=1`), { leaseSeconds: 60, sleep });

/** A kit that is on, its bus, and what arrived on the other side. */
function faultyBus(faults: string) {
  const arrived: string[] = [];
  const kit = kitOf(faults);
  const send = kit.onBus((event) => void arrived.push(event.id));
  kit.begin(async () => undefined);
  return { kit, arrived, send: (id: string) => send({ id, 'detail-type': 'JobSubmitted' } as BusEvent) };
}

it('an event is lost, and the log says so', () => {
  const { arrived, send } = faultyBus('drop=1');
  send('one');
  expect(arrived).toEqual([]);
  expect(log.lines).toMatchObject([{ level: 'WARN', message: 'fault', fault: 'events.drop', at: 'JobSubmitted' }]);
});

it('an event comes twice', () => {
  const { arrived, send } = faultyBus('repeat=1');
  send('one');
  expect(arrived).toEqual(['one', 'one']);
});

it('an event comes within ten seconds, and so perhaps after a later one', async () => {
  const { arrived, send } = faultyBus('delay=1');
  for (const id of ['one', 'two', 'three', 'four']) send(id);
  expect(arrived).toEqual([]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(arrived.toSorted()).toEqual(['four', 'one', 'three', 'two']);
  expect(arrived).not.toEqual(['one', 'two', 'three', 'four']);
});

it('an event that is late when the service ends never comes', async () => {
  const { kit, arrived, send } = faultyBus('delay=1');
  send('one');
  kit.end();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(arrived).toEqual([]);
});

it('nothing happens before it begins, or after it has ended', async () => {
  const restart = vi.fn(async () => undefined);
  const kit = kitOf('all=1');
  const arrived: string[] = [];
  const send = kit.onBus((event) => void arrived.push(event.id));
  send({ id: 'early', 'detail-type': 'JobSubmitted' } as BusEvent);
  kit.begin(restart);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(restart).toHaveBeenCalledTimes(3);
  kit.end();
  send({ id: 'late', 'detail-type': 'JobSubmitted' } as BusEvent);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(restart).toHaveBeenCalledTimes(3);
  expect(arrived).toEqual(['early', 'late']);
});
