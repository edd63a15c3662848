/** Retry, delete, timeline and statistics of one job, through the real service and real workers. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { JobView } from '#shared/contracts/job.ts';
import { StatsResponse } from '#shared/contracts/stats.ts';
import { TimelineResponse } from '#shared/contracts/timeline.ts';
import { type Identity, type RunningService, startService } from '#test/support/service.ts';

let service: RunningService;
let acme: Identity;
let globex: Identity;
let state: string;
/** Accepts and says nothing, which nmap's service detection waits for: longer than the job may take. */
let silent: Server;
let port: number;

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), 'scanfleet-control-'));
  silent = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
  service = await startService({ state });
  acme = service.as('acme');
  globex = service.as('globex');
  port = (silent.address() as AddressInfo).port;
});
afterAll(async () => {
  await service?.stop();
  await rm(state, { recursive: true });
});

const get = async (path: string, identity = acme) => (await service.ask(identity, path)).json();

async function ended(jobId: string): Promise<JobView> {
  for (;;) {
    const job = JobView.parse(await get(`/jobs/${jobId}`));
    if (job.verdict !== null) return job;
    await delay(200);
  }
}

/** The files of every object of the job. */
const objectsOf = async (jobId: string) =>
  (await readdir(state, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => path.includes(jobId));

let jobId: string;

it('a job that timed out is run again, by its tenant alone, and then completes', async () => {
  const submitted = await service.ask(acme, '/jobs', {
    method: 'POST',
    json: {
      targets: ['127.0.0.1'],
      scanners: [{ name: 'nmap', options: { ports: String(port), serviceDetection: true } }],
      deadlineSeconds: 4,
    },
  });
  jobId = JobView.parse(await submitted.json()).jobId;
  expect((await service.ask(acme, `/jobs/${jobId}/retry`, { method: 'POST' })).status).toBe(409);
  expect(await ended(jobId)).toMatchObject({ status: 'timed_out' });
  await new Promise((resolve) => silent.close(resolve));
  expect((await service.ask(globex, `/jobs/${jobId}/retry`, { method: 'POST' })).status).toBe(404);
  const retried = await service.ask(acme, `/jobs/${jobId}/retry`, { method: 'POST' });
  expect(retried.status).toBe(202);
  expect(JobView.parse(await retried.json())).toMatchObject({ status: 'queued', verdict: null });
  expect(await ended(jobId)).toMatchObject({ status: 'completed', taskList: [{ attempt: 2 }] });
});

it('its timeline tells both rounds, in order', async () => {
  const { events } = TimelineResponse.parse(await get(`/jobs/${jobId}/timeline`));
  expect(events.map((event) => (event.what === 'job_moved' ? event.to : event.what))).toEqual([
    ...['queued', 'task_claimed', 'running', 'claim_ended', 'timed_out'],
    ...['queued', 'task_claimed', 'running', 'claim_ended', 'completed'],
  ]);
  expect((await service.ask(globex, `/jobs/${jobId}/timeline`)).status).toBe(404);
});

it("counts in its tenant's statistics, once for each round", async () => {
  const { days } = StatsResponse.parse(await get('/stats'));
  expect(days).toEqual([
    expect.objectContaining({
      ...{ scanner: 'nmap', jobs: 2, jobRetries: 1, completionRate: 0.5 },
      tasks: { completed: 1, failed: 0, timedOut: 1, cancelled: 0 },
    }),
  ]);
  expect(StatsResponse.parse(await get('/stats', globex)).days).toEqual([]);
});

it('deleted, it is gone with every object', async () => {
  expect((await objectsOf(jobId)).length).toBeGreaterThan(3);
  expect((await service.ask(globex, `/jobs/${jobId}`, { method: 'DELETE' })).status).toBe(404);
  const deleted = await service.ask(acme, `/jobs/${jobId}`, { method: 'DELETE' });
  expect([deleted.status, await deleted.text()]).toEqual([204, '']);
  expect((await service.ask(acme, `/jobs/${jobId}`)).status).toBe(404);
  expect(await objectsOf(jobId)).toEqual([]);
  expect((await service.ask(acme, `/jobs/${jobId}`, { method: 'DELETE' })).status).toBe(204);
});
