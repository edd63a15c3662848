import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { seededLuck } from '#local/faults/luck.ts';
import { readFaults } from '#local/faults/plan.ts';
import { workerFaults } from '#local/faults/workers.ts';
import { type LocalProcess, startProcess } from '#local/process.ts';

const children: LocalProcess[] = [];
afterEach(() => Promise.all(children.splice(0).map((child) => child.stop())));

const sleep = (ms: number, signal: AbortSignal) => delay(ms, undefined, { signal });
const ending = new AbortController();
function faultsOf(text: string, pauseMs = 60_000, signal = ending.signal) {
  const luck = seededLuck(
    readFaults(text),
    () => true,
    () => undefined,
  );
  return workerFaults(luck, { sleep, pauseMs, ending: signal });
}

async function startSleeper(): Promise<LocalProcess> {
  const child = await startProcess({ file: '/bin/sleep', args: ['600'], env: {} });
  children.push(child);
  return child;
}
/** As proc_pid_stat(5) has it: T is stopped. */
const stateOf = ({ pid }: LocalProcess) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0];

it('a worker is killed outright, and left alone once it is gone', async () => {
  const faults = faultsOf('worker.kill=1');
  const worker = await startSleeper();
  faults.started(worker);
  faults.strike();
  expect(await worker.ended).toMatchObject({ signal: 'SIGKILL' });
  expect(() => faults.strike()).not.toThrow();
});

it('a worker stands still, and goes on after a while', async () => {
  const faults = faultsOf('worker.pause=1,seed=4', 1_000);
  const worker = await startSleeper();
  faults.started(worker);
  faults.strike();
  await vi.waitFor(() => expect(stateOf(worker)).toBe('T'));
  await vi.waitFor(() => expect(stateOf(worker)).toBe('S'));
});

it('who stands still goes on when the service ends, so that it can be ended properly', async () => {
  const service = new AbortController();
  const faults = faultsOf('worker.pause=1', 60_000, service.signal);
  const worker = await startSleeper();
  faults.started(worker);
  faults.strike();
  await vi.waitFor(() => expect(stateOf(worker)).toBe('T'));
  service.abort();
  await vi.waitFor(() => expect(stateOf(worker)).toBe('S'));
});

it('nothing befalls workers where no such fault was asked for', async () => {
  const faults = faultsOf('s3');
  const worker = await startSleeper();
  faults.started(worker);
  faults.strike();
  expect(faults.neverStarts()).toBe(false);
  expect(stateOf(worker)).toMatch(/[RS]/);
});
