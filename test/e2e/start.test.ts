import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { descendantsOf, stillRunning } from '#test/support/processes.ts';

const START = fileURLToPath(new URL('../../local/start.mjs', import.meta.url));

let state: string;
beforeEach(async () => {
  state = await realpath(await mkdtemp(join(tmpdir(), 'scanfleet-test-')));
});
afterEach(() => rm(state, { recursive: true, force: true }));

/** What `npm start -- …` runs, in a process group of its own as a terminal would have it. */
function npmStart(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [START, '--port', '0', '--state', state, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, SCANFLEET_URL: '', ...env },
  });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].on('data', (chunk: Buffer) => {
      said[stream] += chunk;
    });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { child: child as ChildProcess & { readonly pid: number }, said, ended };
}

it('--once scans the sample, shows the findings as a table, says where the report is, and ends with 0', async () => {
  const { said, ended } = npmStart(['--once']);
  expect(await ended, said.stderr).toBe(0);
  expect(said.stdout).toMatch(/Verdict +clean/);
  for (const service of ['http', 'ssh', 'smtp'])
    expect(said.stdout).toMatch(new RegExp(`info +127\\.0\\.0\\.1:\\d+/tcp +open-port .*${service}`));
  expect(said.stderr).toContain(`The whole report: ${state}/first-report.json`);
  expect(JSON.parse(await readFile(join(state, 'first-report.json'), 'utf8')).findings).toHaveLength(3);
});

it('Ctrl-C ends it and everything it started', async () => {
  const { child, said, ended } = npmStart([]);
  await expect.poll(() => said.stderr, { timeout: 60_000 }).toContain('Serving');
  const started = (await descendantsOf(child.pid)).map(({ pid }) => pid);
  expect(started.length).toBeGreaterThan(1);
  process.kill(-child.pid, 'SIGINT');
  expect(await ended).toBe(0);
  expect(said.stderr).toContain('Stopping');
  expect(await stillRunning(started)).toEqual([]);
});

it('killed outright it leaves nothing running', async () => {
  const { child, said } = npmStart([]);
  await expect.poll(() => said.stdout, { timeout: 60_000 }).toContain('IDENTITY');
  const started = (await descendantsOf(child.pid)).map(({ pid }) => pid);
  child.kill('SIGKILL');
  await expect.poll(() => stillRunning(started), { timeout: 20_000 }).toEqual([]);
});

it('says what to do where nmap is missing', async () => {
  const { said, ended } = npmStart(['--once'], { PATH: '/nowhere' });
  expect(await ended).toBe(1);
  expect(said.stderr).toBe('scanfleet: nmap is missing: install it (https://nmap.org/download), then start again.\n');
});
