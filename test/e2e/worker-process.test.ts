/** The worker as it is deployed: its entry file in a process of its own, credentials by descriptor 3, the real nmap. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Emulator } from '#local/emulators/emulator.ts';
import { startEvents } from '#local/emulators/events.ts';
import { NmapOptions } from '#shared/scanner/nmap.ts';
import { TEST_CREDENTIALS, TEST_REGION } from '#test/support/emulators.ts';
import { type Fleet, startFleet } from '#test/support/fleet.ts';
import { type Spied, spyProgram } from '#test/support/spying-scanner.ts';

const MAIN = fileURLToPath(new URL('../../containers/scan-worker/main.ts', import.meta.url));
const TOKEN = 'a-token-for-the-credentials';

let fleet: Fleet;
let bus: Emulator;
let credentials: Server;
let finished: string[];
const children: ChildProcess[] = [];

beforeEach(async () => {
  fleet = await startFleet();
  finished = [];
  bus = await startEvents({
    region: TEST_REGION,
    identities: new Map([[TEST_CREDENTIALS.accessKeyId, TEST_CREDENTIALS]]),
    now: () => new Date(),
    onFault: (error) => {
      throw error;
    },
    bus: 'scanfleet-test',
    deliver: (event) => void finished.push(event['detail-type']),
  });
  const { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey } = TEST_CREDENTIALS;
  const Expiration = new Date(Date.now() + 3_600_000).toISOString();
  credentials = createServer(({ headers }, response) => {
    response.statusCode = headers.authorization === TOKEN ? 200 : 403;
    response.end(JSON.stringify({ AccessKeyId, SecretAccessKey, Token: '', Expiration }));
  }).listen(0, '127.0.0.1');
  await once(credentials, 'listening');
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  credentials.close();
  await bus.close();
  await fleet.close();
});

function start(given: string, changes: Record<string, string> = {}): ChildProcess {
  const env = { ...fleet.environment, AWS_ENDPOINT_URL_EVENTBRIDGE: bus.endpoint, ...changes };
  const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
  children.push(child);
  (child.stdio[3] as Writable).on('error', () => undefined).end(given);
  return child;
}
const source = () => `http://127.0.0.1:${(credentials.address() as AddressInfo).port}/role\n${TOKEN}\n`;

it('scans, ends the job, says so on the bus, and ends by itself when idle', async () => {
  const { port } = credentials.address() as AddressInfo;
  const { jobId } = await fleet.submit(['127.0.0.1'], { options: NmapOptions.parse({ ports: String(port) }) });
  const child = start(source(), { SCANFLEET_IDLE_EXIT_SECONDS: '1' });
  child.stderr?.resume();
  expect(await once(child, 'exit')).toEqual([0, null]);
  const job = await fleet.jobs.readJob(jobId);
  expect(job).toMatchObject({ status: 'completed', findings: 1, summary: { verdict: 'clean' } });
  expect(finished).toEqual(['JobFinished']);
});

it('closes the descriptor it read its credentials from, and has none in its environment', async () => {
  const child = start(source());
  const descriptor = child.stdio[3] as Socket;
  await once(descriptor.resume(), 'close'); // only when the other end is closed too
  await saysOf(child, 'worker started');
  const environ = readFileSync(`/proc/${child.pid}/environ`, 'utf8');
  expect(environ).not.toMatch(/CREDENTIALS|ACCESS_KEY|a-token/);
});

it('ends with 0 on SIGTERM', async () => {
  const child = start(source());
  await saysOf(child, 'worker started');
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

it.each([
  ['', {}, 'descriptor 3 holds no http(s) URI'],
  ['http://127.0.0.1:1/role', { WORKER_SIZE: 'huge' }, 'environment variable WORKER_SIZE'],
  ['http://127.0.0.1:1/role', { SCANFLEET_LEASE_SECONDS: 'long' }, 'SCANFLEET_LEASE_SECONDS is "long"'],
])('ends with 1 when given %j and %j, and says what was wrong', async (given, changes, message) => {
  const child = start(given, changes as Record<string, string>);
  const [said, [code]] = await Promise.all([text(child.stderr as NodeJS.ReadableStream), once(child, 'exit')]);
  expect(code).toBe(1);
  expect(said).toContain(message);
});

/** Waits until the process has logged something. */
async function saysOf(child: ChildProcess, words: string): Promise<void> {
  let said = '';
  child.stderr?.on('data', (chunk) => {
    said += chunk;
  });
  await expect.poll(() => said, { timeout: 10_000 }).toContain(words);
}

describe('a scanner of a worker that the image starts', () => {
  const ENTRYPOINT = fileURLToPath(new URL('../../containers/scan-worker/entrypoint.sh', import.meta.url));
  /** Whom the worker runs as where these tests run as root, to whom nothing in /proc is closed. */
  const NOBODY = 65_534;
  const isRoot = process.geteuid?.() === 0;

  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'scanfleet-spied-'));
    await chmod(directory, 0o777);
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  /** Runs a job with the spy for nmap; `path` is where programs are looked for after it. */
  async function spy(path: string, user?: number): Promise<Spied> {
    const report = join(directory, 'report.json');
    await writeFile(join(directory, 'nmap'), spyProgram(process.execPath, report), { mode: 0o755 });
    const { jobId } = await fleet.submit(['127.0.0.1'], { options: NmapOptions.parse({ ports: '80' }) });
    const [uri = '', token = ''] = source().split('\n');
    const env = {
      ...{ ...fleet.environment, AWS_ENDPOINT_URL_EVENTBRIDGE: bus.endpoint, SCANFLEET_IDLE_EXIT_SECONDS: '1' },
      ...{ AWS_CONTAINER_CREDENTIALS_FULL_URI: uri, AWS_CONTAINER_AUTHORIZATION_TOKEN: token },
      ...{ PATH: `${directory}:${path}`, TMPDIR: directory },
    };
    const as = user === undefined ? {} : { uid: user, gid: user };
    const child = spawn('/bin/sh', [ENTRYPOINT, MAIN], { env, stdio: ['ignore', 'ignore', 'pipe'], ...as });
    children.push(child);
    const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    expect(code, said).toBe(0);
    expect(await fleet.jobs.readJob(jobId), said).toMatchObject({ status: 'completed' });
    const spied = JSON.parse(await readFile(report, 'utf8')) as Spied;
    expect(spied.processes[1]?.pid).toBe(child.pid);
    return spied;
  }

  it('finds no way to its credentials in its own environment, nor in that, the arguments and the descriptors of any process above', async () => {
    const { processes, cwd } = await spy(dirname(process.execPath));
    const { port } = credentials.address() as AddressInfo;
    const [self, worker, ...others] = processes;
    expect(others.length).toBeGreaterThan(0);
    expect(worker?.read.environ).toContain('JOB_TABLE=');
    for (const { environ = '', cmdline = '', fd = '' } of [self, worker].map((one) => one?.read ?? {}))
      for (const secret of [TOKEN, `:${port}/role`, TEST_CREDENTIALS.secretAccessKey, 'AWS_CONTAINER', 'AWS_ACCESS'])
        expect(`${environ} ${cmdline} ${fd}`).not.toContain(secret);
    for (const { read } of others) expect(`${read.environ} ${read.cmdline}`).not.toContain(TOKEN);
    expect(
      self?.read.environ
        ?.split('\0')
        .filter(Boolean)
        .map((pair) => pair.split('=')[0])
        .sort(),
    ).toEqual(['HOME', 'LANG', 'PATH', 'TMPDIR']);
    expect(existsSync(cwd)).toBe(false);
  });

  it('is refused to look into the worker where node is a program its user may run and not read', async () => {
    const node = join(directory, 'node');
    await copyFile(process.execPath, node);
    await chmod(node, isRoot ? 0o711 : 0o111);
    const { processes } = await spy(dirname(process.execPath), isRoot ? NOBODY : undefined);
    const [self, worker] = processes;
    expect(self?.refused).toEqual([]);
    expect(worker?.refused).toEqual(['environ', 'fd', 'memory']);
  });
});
