import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { openState } from '#local/state.ts';
import { readRegistry } from '#shared/scanner/registry.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scanfleet-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

const open = (directory: string, options = {}) => openState({ directory, fresh: false, ephemeral: false, ...options });
const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

it('makes a private folder with the default policy', async () => {
  await using state = await open(join(folder, 'new/state'));
  expect(await modeOf(state.directory)).toBe(0o700);
  expect(await modeOf(state.policyFile)).toBe(0o600);
  expect(await readFile(state.policyFile, 'utf8')).toContain('default: deny');
  expect(await modeOf(state.scannersFile)).toBe(0o600);
  expect(readRegistry(parse(await readFile(state.scannersFile, 'utf8')))).toEqual({ nessus: [] });
});

it('makes an existing folder private', async () => {
  await mkdir(join(folder, 'open'), { mode: 0o755 });
  await using state = await open(join(folder, 'open'));
  expect(await modeOf(state.directory)).toBe(0o700);
});

it('keeps the policy that is there', async () => {
  await writeFile(join(folder, 'policy.yaml'), 'default: allow\n');
  await using state = await open(folder);
  expect(await readFile(state.policyFile, 'utf8')).toBe('default: allow\n');
});

it('forgets jobs, results and keys when it starts fresh, but no policy and nothing of anybody else', async () => {
  const ours = ['keys.json', 'local.json', 'dynamodb.db', 'dynamodb.db-wal', 's3'];
  const kept = ['policy.yaml', 'scanners.yaml', 'diary.txt', 'dynamodb.dbx', 's3.txt'];
  for (const name of [...ours, ...kept]) await writeFile(join(folder, name), 'x');
  await using _state = await open(folder, { fresh: true });
  expect((await readdir(folder)).sort()).toEqual([...kept, 'layout.json', 'tmp'].sort());
});

it('refuses what another version made, until it is told to forget it', async () => {
  await writeFile(join(folder, 'layout.json'), '{"layout":2}');
  await expect(open(folder)).rejects.toMatchObject({ code: 'state_layout' });
  await using state = await open(folder, { fresh: true });
  expect(JSON.parse(await readFile(join(state.directory, 'layout.json'), 'utf8'))).toEqual({ layout: 1 });
});

it('is used by one service at a time, under whatever name', async () => {
  await symlink(folder, `${folder}-link`);
  const first = await open(folder);
  await expect(open(`${folder}-link`)).rejects.toMatchObject({
    code: 'state_in_use',
    message: `${folder} is in use by another local service (process ${process.pid}); end that one, or choose another folder with --state`,
  });
  await first[Symbol.asyncDispose]();
  await using _second = await open(`${folder}-link`);
  await rm(`${folder}-link`);
});

it('leaves nothing of an ephemeral state', async () => {
  const state = await open('/nowhere', { ephemeral: true });
  await writeFile(state.keysFile, 'x');
  await state[Symbol.asyncDispose]();
  await expect(stat(state.directory)).rejects.toMatchObject({ code: 'ENOENT' });
});

it('removes the ephemeral state of a service that was killed, and that of no other', async () => {
  vi.stubEnv('TMPDIR', folder);
  const longAgo = new Date(Date.now() - 600_000);
  for (const name of ['scanfleet-ephemeral-killed', 'scanfleet-ephemeral-young', 'somebody-elses']) {
    await mkdir(join(folder, name, 's3'), { recursive: true });
    if (!name.endsWith('young')) await utimes(join(folder, name), longAgo, longAgo);
  }
  const running = await open('/nowhere', { ephemeral: true });
  await utimes(running.directory, longAgo, longAgo);
  await using state = await open('/nowhere', { ephemeral: true });
  const left = [
    running.directory,
    state.directory,
    join(folder, 'scanfleet-ephemeral-young'),
    join(folder, 'somebody-elses'),
  ];
  expect((await readdir(folder)).map((name) => join(folder, name)).sort()).toEqual(left.sort());
  await running[Symbol.asyncDispose]();
  vi.unstubAllEnvs();
});

it('shows by its time that an ephemeral state is in use, for those who do not see its lock', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const state = await open('/nowhere', { ephemeral: true });
  const longAgo = new Date(Date.now() - 600_000);
  await utimes(state.directory, longAgo, longAgo);
  vi.advanceTimersByTime(15_000);
  await vi.waitFor(async () => expect((await stat(state.directory)).mtime > longAgo).toBe(true));
  await state[Symbol.asyncDispose]();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

it('says where it cannot write', async () => {
  await writeFile(join(folder, 'file'), '');
  await expect(open(join(folder, 'file/state'))).rejects.toMatchObject({ code: 'state_not_writable' });
});
