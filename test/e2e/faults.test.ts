/**
 * The whole service with everything going wrong that can: 200 jobs of two tenants, real workers, the real nmap, every fault of
 * `scanfleet local --faults`, some jobs cancelled, some run again, and the service killed in the middle. At rest nothing is lost, stuck or
 * doubled.
 */
import { once } from 'node:events';
import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApiClient, apiClient } from '#cli/api-client.ts';
import { ApiError } from '#cli/api-error.ts';
import { requestSigner } from '#cli/signing.ts';
import { FAULT_NAMES } from '#local/faults/plan.ts';
import { concurrently } from '#shared/concurrently.ts';
import type { JobSummaryView } from '#shared/contracts/job.ts';
import { isTerminal } from '#shared/status.ts';
import { descendantsOf, stillRunning } from '#test/support/processes.ts';
import { type RunningService, startService } from '#test/support/service.ts';
import { readTableAtRest } from '#test/support/table-at-rest.ts';

const TENANTS = ['acme', 'globex'] as const;
type Tenant = (typeof TENANTS)[number];
/** Each is scanned by a job of each tenant, of which one has to wait for the other when they meet. */
const HOSTS = 100;
const hostOf = (index: number): string => `127.77.0.${index + 1}`;

/** Those that seldom get a chance are likelier than by default, and slow is rarer: it takes the longest. */
const LIKELY = 'all,slow=0.01,ecs=0.1,events.cut=0.05,worker=0.03,gateway.restart=0.1';
const SEED = Number(process.env.SCANFLEET_FAULT_SEED ?? 11);
/** Everything that waits, waits seconds instead of minutes; and a single loss is one too many, so that some jobs fail. */
const IMPATIENT = {
  SCANFLEET_LEASE_SECONDS: '4',
  SCANFLEET_HEARTBEAT_SECONDS: '1',
  SCANFLEET_SWEEP_SECONDS: '1',
  SCANFLEET_BACKOFF_SECONDS: '0',
  SCANFLEET_LAUNCH_SECONDS: '3',
  SCANFLEET_IDLE_EXIT_SECONDS: '5',
  SCANFLEET_MAX_FAILURES: '1',
  SCANFLEET_RATE_LIMIT: 'off',
};
const AT_ONCE = 16;
const PATIENCE = { timeout: 240_000, interval: 500 };
const never = new AbortController().signal;

interface Submitted {
  readonly tenant: Tenant;
  readonly host: number;
  readonly jobId: string;
}

let state: string;
let listeners: Server[];
let ports: readonly number[];
let service: RunningService;
const submitted: Submitted[] = [];
const cancelled = new Set<string>();
/** How often each fault happened. */
const met = new Map<string, number>();

beforeAll(async () => {
  state = await realpath(await mkdtemp(join(tmpdir(), 'scanfleet-faults-')));
  listeners = await Promise.all(Array.from({ length: HOSTS }, (_, index) => listenOn(hostOf(index))));
  ports = listeners.map((listener) => (listener.address() as AddressInfo).port);
  service = await start(SEED);
});
afterAll(async () => {
  await service?.stop('SIGKILL');
  for (const listener of listeners) listener.close();
  await rm(state, { recursive: true, force: true });
});

async function listenOn(host: string): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => undefined).end()).listen(0, host);
  await once(server, 'listening');
  return server;
}

const start = (seed: number) => startService({ state, env: IMPATIENT, args: ['--faults', `${LIKELY},seed=${seed}`] });

/** Ends the service, sees that nothing of it goes on, and counts the faults it logged. */
async function stop(signal: NodeJS.Signals): Promise<number | null> {
  const started = (await descendantsOf(service.pid)).map(({ pid }) => pid);
  const code = await service.stop(signal);
  await expect.poll(() => stillRunning(started), { timeout: 20_000 }).toEqual([]);
  const log = await readFile(join(state, 'service.log'), 'utf8');
  for (const [, fault = ''] of log.matchAll(/"message":"fault".*?"fault":"([^"]+)"/g))
    met.set(fault, (met.get(fault) ?? 0) + 1);
  return code;
}

/** Asks as the command line does, and again whenever that is given up: a person would. Undefined where the job's state forbids it. */
async function ask<T>(tenant: Tenant, act: (client: ApiClient) => Promise<T>): Promise<T | undefined> {
  for (;;) {
    const { endpoint: url, region } = service;
    const endpoint = { url, region, identity: service.as(tenant), from: 'the test' };
    const sleep = async (ms: number) => void (await delay(ms));
    try {
      return await act(apiClient({ endpoint, sign: await requestSigner(endpoint), sleep, random: Math.random }));
    } catch (error) {
      if (error instanceof ApiError && error.status === 409) return undefined;
      if (error instanceof ApiError && error.status < 500) throw error;
      await delay(100);
    }
  }
}

async function forEach<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  for await (const _ of concurrently(items, AT_ONCE, act));
}

/** Submitted with so little time that not all can be run within it. */
const isUrgent = (host: number): boolean => host % 20 === 7;
/** Cancelled as soon as submitted, or when everything is. */
const isUnwanted = (host: number): boolean => host % 10 === 3;
const isUnwantedLater = (host: number): boolean => host > 80 && host % 4 === 0;

async function submit(tenant: Tenant, host: number): Promise<void> {
  const body = {
    targets: [hostOf(host)],
    scanners: [{ name: 'nmap' as const, options: { ports: String(ports[host]) } }],
    idempotencyKey: `host-${host}`,
    ...(isUrgent(host) ? { deadlineSeconds: 8 } : {}),
  };
  const job = await ask(tenant, (client) => client.call('submitJob', { body }, never));
  submitted.push({ tenant, host, jobId: String(job?.jobId) });
  if (isUnwanted(host)) await cancel(tenant, String(job?.jobId));
}

async function cancel(tenant: Tenant, jobId: string): Promise<void> {
  const accepted = await ask(tenant, (client) => client.call('cancelJob', { path: { jobId } }, never));
  if (accepted !== undefined) cancelled.add(jobId);
}

async function jobsOf(tenant: Tenant): Promise<readonly JobSummaryView[]> {
  const page = await ask(tenant, (client) => client.call('listJobs', { query: { limit: 100 } }, never));
  return page?.jobs ?? [];
}
const allJobs = async () => (await Promise.all(TENANTS.map(jobsOf))).flat();
const howManyEnded = async () => (await allJobs()).filter(({ status }) => isTerminal(status)).length;
const tenantOf = (jobId: string): Tenant => submitted.find((one) => one.jobId === jobId)?.tenant ?? 'acme';

it('all come to rest, and what failed or ran out of time completes when it is run again', {
  timeout: 600_000,
}, async () => {
  const wanted = Array.from({ length: HOSTS }, (_, host) => TENANTS.map((tenant) => ({ tenant, host }))).flat();
  await forEach(wanted, ({ tenant, host }) => submit(tenant, host));
  await forEach(
    submitted.filter(({ host }) => isUnwantedLater(host)),
    ({ tenant, jobId }) => cancel(tenant, jobId),
  );
  await expect.poll(howManyEnded, PATIENCE).toBeGreaterThan(HOSTS);
  expect(service.said()).toContain(`--faults ${LIKELY},seed=${SEED}`);
  await stop('SIGKILL');
  service = await start(SEED + 1);
  for (;;) {
    await expect.poll(howManyEnded, PATIENCE).toBe(2 * HOSTS);
    const again = (await allJobs()).filter(({ status }) => status === 'failed' || status === 'timed_out');
    if (again.length === 0) break;
    for (const { status, verdict } of again) if (status === 'failed') expect(verdict).toBe('no_verdict');
    await forEach(again, async ({ jobId }) => {
      await ask(tenantOf(jobId), (client) => client.call('retryJob', { path: { jobId } }, never));
    });
  }
});

it('none is lost, none doubled, and none says what is not so', async () => {
  for (const tenant of TENANTS) {
    const jobs = await jobsOf(tenant);
    const ids = submitted.filter((one) => one.tenant === tenant).map(({ jobId }) => jobId);
    expect(jobs.map(({ jobId }) => jobId).toSorted()).toEqual(ids.toSorted());
    expect(new Set(ids).size).toBe(HOSTS);
  }
  for (const job of await allJobs()) {
    const isCancelled = cancelled.has(job.jobId);
    expect(job.status, job.jobId).toBe(isCancelled ? 'cancelled' : 'completed');
    expect(job.verdict, job.jobId).toBe(job.covered === 1 ? 'clean' : 'no_verdict');
    if (!isCancelled)
      expect(job).toMatchObject({ covered: 1, findings: 1, partialFindings: 0, tasks: { completed: 1 } });
  }
});

it('each report holds what its job found, once', { timeout: 120_000 }, async () => {
  const jobs = new Map((await allJobs()).map((job) => [job.jobId, job]));
  await forEach(submitted, async ({ tenant, host, jobId }) => {
    const query = { format: 'ndjson', profile: 'summary' } as const;
    const report = await ask(tenant, async (client) => {
      const { body, findings } = await client.exportReport({ path: { jobId }, query }, never);
      return { findings, lines: (await text(body)).trim().split('\n') };
    });
    const { findings = 0, partialFindings = 0 } = jobs.get(jobId) ?? {};
    const [end, ...found] = (report?.lines ?? []).map((line) => JSON.parse(line)).toReversed();
    expect(end).toEqual({ end: true, findings: findings + partialFindings });
    expect(report?.findings).toBe(findings + partialFindings);
    const expected = { host: hostOf(host), port: ports[host] };
    expect(found).toMatchObject(Array.from({ length: findings + partialFindings }, () => ({ location: expected })));
  });
});

it('ends cleanly, with every counter as its tasks are and no quota used', async () => {
  const stats = await Promise.all(TENANTS.map((tenant) => ask(tenant, (client) => client.call('getStats', {}, never))));
  expect(await stop('SIGTERM')).toBe(0);
  const { jobs, tasksOf, activeJobs } = await readTableAtRest(state);
  expect(activeJobs).toEqual({ acme: 0, globex: 0 });
  expect(jobs).toHaveLength(2 * HOSTS);
  for (const job of jobs) {
    const tasks = tasksOf(job);
    const [task] = tasks;
    const isCompleted = task?.status === 'completed';
    expect(tasks).toHaveLength(1);
    expect(job.ended).toEqual({
      ...{ completed: 0, failed: 0, timedOut: 0, cancelled: 0 },
      ...(isCompleted ? { completed: 1 } : { cancelled: 1 }),
    });
    expect(job).toMatchObject({ taskCount: 1, openCount: 0, live: 0, slots: 0 });
    expect(task?.claims.filter(({ why }) => why === 'completed')).toHaveLength(isCompleted ? 1 : 0);
  }
  stats.forEach((figures, index) => {
    const own = jobs.filter(({ tenant }) => tenant === TENANTS[index]);
    expect(figures?.scanners).toMatchObject([
      {
        jobs: own.reduce((rounds, { round }) => rounds + round, 0),
        tasks: { completed: own.filter(({ ended }) => ended.completed === 1).length },
      },
    ]);
  });
});

it('every fault has happened', () => {
  expect([...met.keys()].toSorted()).toEqual(FAULT_NAMES.toSorted());
});
