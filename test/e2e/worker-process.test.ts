/** The worker as it is deployed: its entry file in a process of its own, credentials by descriptor 3, the real nmap. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Emulator } from '#local/emulators/emulator.ts';
import { startEvents } from '#local/emulators/events.ts';
import { NmapOptions } from '#shared/scanner/nmap.ts';
import { TEST_CREDENTIALS, TEST_REGION } from '#test/support/emulators.ts';
import { type Fleet, startFleet } from '#test/support/fleet.ts';

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
