import { once } from 'node:events';
import { mkdtemp, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDynamoDb } from '#local/emulators/dynamodb.ts';
import { TEST_CREDENTIALS } from '#test/support/emulators.ts';
import { descendantsOf, stillRunning } from '#test/support/processes.ts';
import { type RunningService, type ServiceOptions, startService, tryService } from '#test/support/service.ts';

/** Workers held: what is submitted stays queued. */
const HELD = { SCANFLEET_MAX_WORKERS: '0' };
const SCAN = { targets: ['127.0.0.1'], scanners: [{ name: 'nmap', options: { ports: '1-100' } }] };

let state: string;
let running: RunningService[];
beforeEach(async () => {
  state = await realpath(await mkdtemp(join(tmpdir(), 'scanfleet-test-')));
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((service) => service.stop('SIGKILL')));
  await rm(state, { recursive: true, force: true });
});

async function start(options: ServiceOptions = {}): Promise<RunningService> {
  const service = await startService({ state, env: HELD, ...options });
  running.push(service);
  return service;
}

async function submit(service: RunningService): Promise<string> {
  const answer = await service.ask(service.as('acme'), '/jobs', { method: 'POST', json: SCAN });
  expect(answer.status).toBe(201);
  return ((await answer.json()) as { jobId: string }).jobId;
}

describe('between two runs', () => {
  it.each(['SIGTERM', 'SIGKILL'] as const)('jobs and keys are kept, also after %s', async (signal) => {
    const first = await start();
    const jobId = await submit(first);
    await first.stop(signal);
    const second = await start();
    expect(second.identities).toEqual(first.identities);
    const answer = await second.ask(second.as('acme'), `/jobs/${jobId}`);
    expect(await answer.json()).toMatchObject({ jobId, status: 'queued', targets: ['127.0.0.1'] });
  });

  it('everything is private to its user', async () => {
    const service = await start();
    await submit(service);
    expect((await stat(state)).mode & 0o777).toBe(0o700);
    for (const name of await readdir(state)) {
      const { mode } = await stat(join(state, name));
      expect(`${name} ${(mode & 0o077).toString(8)}`).toBe(`${name} 0`);
    }
  });

  it('the endpoint and keys are where the command line finds them, while it runs', async () => {
    const { endpoint, region, identities, stop } = await start();
    const told = JSON.parse(await readFile(join(state, 'local.json'), 'utf8'));
    const evidenceKey = expect.stringMatching(/^-----BEGIN PUBLIC KEY-----\n/);
    expect(told).toEqual({ endpoint, region, identities, evidenceKey });
    await stop();
    await expect(stat(join(state, 'local.json'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('an ephemeral one keeps nothing', async () => {
    const service = await startService({ env: { ...HELD, TMPDIR: state } });
    running.push(service);
    expect(await readdir(state)).toHaveLength(1);
    expect(await service.stop()).toBe(0);
    expect(await readdir(state)).toEqual([]);
  });
});

describe('at the end', () => {
  it('SIGTERM ends it and everything it started, with exit code 0', async () => {
    const service = await start();
    const started = (await descendantsOf(service.pid)).map(({ pid }) => pid);
    expect(started.length).toBeGreaterThan(0);
    expect(await service.stop()).toBe(0);
    expect(await stillRunning(started)).toEqual([]);
  });

  it.each([
    ['SIGINT', 'SIGTERM', 143],
    ['SIGTERM', 'SIGTERM', 143],
    ['SIGTERM', 'SIGINT', 130],
  ] as const)('%s and then %s ends it at once, with nothing left', async (first, second, code) => {
    const service = await startService({ env: { ...HELD, TMPDIR: state } });
    running.push(service);
    const started = (await descendantsOf(service.pid)).map(({ pid }) => pid);
    // A child that does not hear SIGTERM: the graceful end would wait for it.
    for (const pid of started) process.kill(pid, 'SIGSTOP');
    const ended = service.stop(first);
    await expect.poll(() => service.said(), { timeout: 20_000 }).toContain('Stopping');
    service.stop(second);
    expect(await ended).toBe(code);
    await expect.poll(() => stillRunning(started), { timeout: 20_000 }).toEqual([]);
    expect(await readdir(state)).toEqual([]);
  });

  it('nothing outlives it when it is killed outright', async () => {
    const service = await start();
    const started = (await descendantsOf(service.pid)).map(({ pid }) => pid);
    expect(started.length).toBeGreaterThan(0);
    await service.stop('SIGKILL');
    await expect.poll(() => stillRunning(started), { timeout: 20_000 }).toEqual([]);
  });
});

describe('it says clearly why it does not start', () => {
  it('a port in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const failed = await tryService({ state, port });
    other.close();
    expect(failed).toMatchObject({ code: 4 });
    expect(failed).toMatchObject({ said: expect.stringContaining(`port ${port} on 127.0.0.1 is in use`) });
  });

  it('a state directory in use', async () => {
    const service = await start();
    const failed = await tryService({ state });
    expect(failed).toMatchObject({ code: 4, said: expect.stringContaining(`(process ${service.pid})`) });
    expect((await service.ask(service.as('acme'), '/jobs')).status).toBe(200);
  });

  it('a state directory that cannot be made', async () => {
    await writeFile(join(state, 'file'), '');
    const failed = await tryService({ state: join(state, 'file/state') });
    expect(failed).toMatchObject({ code: 3, said: expect.stringContaining('cannot keep state in') });
  });

  it('a table that cannot be read, and leaves nothing running', async () => {
    await writeFile(join(state, 'dynamodb.db'), 'x'.repeat(8_192));
    // Which part of the service comes up last is chance.
    for (let tries = 0; tries < 5; tries += 1)
      expect(await tryService({ state })).toMatchObject({
        code: 6,
        said: expect.stringContaining('not a valid SQLite'),
      });
  });

  it('a limit out of range', async () => {
    const failed = await tryService({ state, env: { SCANFLEET_WORKER_SLOTS: '0' } });
    expect(failed).toMatchObject({ code: 2, said: expect.stringContaining('SCANFLEET_WORKER_SLOTS') });
  });
});

describe("an endpoint of the user's", () => {
  const KEYS = { AWS_ACCESS_KEY_ID: 'USERSKEY', AWS_SECRET_ACCESS_KEY: 'users-secret' };

  it("is used in place of the emulator, with the user's credentials for all", async () => {
    const database = await startDynamoDb();
    try {
      const service = await start({ env: { ...HELD, ...KEYS, AWS_ENDPOINT_URL_DYNAMODB: database.endpoint } });
      await submit(service);
      expect((await descendantsOf(service.pid)).map(({ command }) => command)).toEqual([]);
      const client = new DynamoDBClient({
        endpoint: database.endpoint,
        region: 'us-east-1',
        credentials: TEST_CREDENTIALS,
      });
      const { TableNames } = await client.send(new ListTablesCommand({}));
      client.destroy();
      expect(TableNames).toEqual(['scanfleet']);
      await service.stop();
    } finally {
      await database.close();
    }
  });

  it('needs credentials', async () => {
    const env = { AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:9', AWS_EC2_METADATA_DISABLED: 'true', HOME: state };
    const failed = await tryService({ state, env });
    expect(failed).toMatchObject({
      code: 3,
      said: expect.stringContaining('AWS_ENDPOINT_URL_DYNAMODB needs AWS credentials'),
    });
  });
});

describe('the policy file', () => {
  const policyFile = () => join(state, 'policy.yaml');

  it('is taken over when it is changed', async () => {
    const service = await start();
    await writeFile(policyFile(), 'default: deny\nallow: []\ndeny: [{ cidr: 127.0.0.0/8, reason: not today }]\n');
    await expect.poll(() => service.said(), { timeout: 20_000 }).toContain('was changed');
    const answer = await service.ask(service.as('acme'), '/jobs', { method: 'POST', json: SCAN });
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ code: 'target_denied', errors: [{ field: 'targets[0]' }] });
  });

  it('refuses every target while it is broken, and says so', async () => {
    const service = await start();
    await writeFile(policyFile(), 'allow: everything\n');
    await expect.poll(() => service.said(), { timeout: 20_000 }).toContain('cannot be used');
    const answer = await service.ask(service.as('acme'), '/jobs', { method: 'POST', json: SCAN });
    expect(await answer.json()).toMatchObject({ status: 503, code: 'policy_unreadable' });
  });
});
