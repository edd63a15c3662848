import { once } from 'node:events';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { JobView } from '#shared/contracts/job.ts';
import type { TimelineResponse } from '#shared/contracts/timeline.ts';
import { descendantsOf, type Running, stillRunning } from '#test/support/processes.ts';
import { type RunningService, startService } from '#test/support/service.ts';

/** Everything that waits, waits seconds instead of minutes. */
const IMPATIENT = {
  SCANFLEET_LEASE_SECONDS: '4',
  SCANFLEET_HEARTBEAT_SECONDS: '1',
  SCANFLEET_SWEEP_SECONDS: '1',
  SCANFLEET_BACKOFF_SECONDS: '0',
  SCANFLEET_RATE_LIMIT: 'off',
};

let state: string;
let service: RunningService;
let listeners: Server[];
beforeEach(async () => {
  state = await realpath(await mkdtemp(join(tmpdir(), 'scanfleet-test-')));
  service = await startService({ state, env: IMPATIENT });
  listeners = [createServer(), createServer()];
  for (const listener of listeners) await once(listener.listen(0, '127.0.0.1'), 'listening');
});
afterEach(async () => {
  for (const listener of listeners) listener.close();
  await service.stop();
  await rm(state, { recursive: true, force: true });
});

const openPorts = () => listeners.map((listener) => (listener.address() as AddressInfo).port);

/** Asks nmap to be polite: 0.4 s between two probes (nmap manual, "Timing and performance"), so that the scan can be interrupted. */
async function submitSlowScan(): Promise<string> {
  const ports = [...openPorts(), '1-16'].join(',');
  const json = { targets: ['127.0.0.1'], scanners: [{ name: 'nmap', options: { ports, timing: 2 } }] };
  const answer = await service.ask(service.as('acme'), '/jobs', { method: 'POST', json });
  return ((await answer.json()) as JobView).jobId;
}

const readJob = async (jobId: string) =>
  (await (await service.ask(service.as('acme'), `/jobs/${jobId}`)).json()) as JobView;

/** Who held the task, and why no longer. */
async function endsOfClaims(jobId: string): Promise<{ by: string; why: string }[]> {
  const timeline = await service.ask(service.as('acme'), `/jobs/${jobId}/timeline`);
  const { events } = (await timeline.json()) as TimelineResponse;
  return events.flatMap(({ what, by, why }) => (what === 'claim_ended' ? [{ by, why }] : []));
}

/** The processes of the scan, once nmap runs. */
async function duringScan(): Promise<{ worker: Running; nmap: Running }> {
  await expect.poll(scanProcesses, { timeout: 30_000, interval: 100 }).toMatchObject({ nmap: expect.anything() });
  return (await scanProcesses()) as { worker: Running; nmap: Running };
}

async function scanProcesses() {
  const all = await descendantsOf(service.pid);
  const worker = all.find(({ command }) => command.includes('scan-worker/main.ts'));
  const nmap = all.find(({ command }) => /(^|\/)nmap /.test(command));
  return { worker, nmap };
}

/** It ended once, after two attempts, with what a scan in one go finds. */
async function expectCompletedOnce(jobId: string): Promise<void> {
  await expect.poll(async () => (await readJob(jobId)).status, { timeout: 90_000, interval: 500 }).toBe('completed');
  const job = await readJob(jobId);
  expect(job).toMatchObject({ verdict: 'clean', findings: 2, partialFindings: 0, tasks: { total: 1, completed: 1 } });
  expect(job.taskList).toMatchObject([{ attempt: 2, failures: 1, status: 'completed' }]);
  const report = await service.ask(service.as('acme'), `/jobs/${jobId}/report?format=ndjson&profile=summary`);
  const lines = (await report.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const found = lines.slice(0, -1).map(({ location }) => location.port);
  expect(found.toSorted()).toEqual(openPorts().toSorted());
  expect(lines.at(-1)).toEqual({ end: true, findings: 2 });
}

it('a worker killed in mid-scan takes its nmap with it, and the job completes once', async () => {
  const jobId = await submitSlowScan();
  const { worker, nmap } = await duringScan();
  process.kill(worker.pid, 'SIGKILL');
  await expect.poll(() => stillRunning([worker.pid, nmap.pid]), { timeout: 20_000 }).toEqual([]);
  await expectCompletedOnce(jobId);
  // Nobody says that it was for want of memory: no need of a larger one.
  expect((await readJob(jobId)).taskList).toMatchObject([{ workerSize: 'small' }]);
  expect(await endsOfClaims(jobId)).toEqual([
    { by: expect.stringMatching(/^worker\/small-\d+-\d+$/), why: 'worker_failed' },
    { by: expect.stringMatching(/^worker\/small-\d+-\d+$/), why: 'completed' },
  ]);
});

it('the whole service killed in mid-scan leaves nothing running, and started again completes the job once', async () => {
  const jobId = await submitSlowScan();
  await duringScan();
  const started = (await descendantsOf(service.pid)).map(({ pid }) => pid);
  await service.stop('SIGKILL');
  await expect.poll(() => stillRunning(started), { timeout: 20_000 }).toEqual([]);
  service = await startService({ state, env: IMPATIENT });
  await expectCompletedOnce(jobId);
});

it('the service told to end in mid-scan gives the task back: started again it completes without a failure counted', async () => {
  const jobId = await submitSlowScan();
  await duringScan();
  expect(await service.stop()).toBe(0);
  service = await startService({ state, env: IMPATIENT });
  await expect.poll(async () => (await readJob(jobId)).status, { timeout: 90_000, interval: 500 }).toBe('completed');
  expect((await readJob(jobId)).taskList).toMatchObject([{ attempt: 2, failures: 0, status: 'completed' }]);
});
