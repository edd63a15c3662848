/** From a scan to proof of what it left: the real service signs, `scanfleet verify` checks, and whatever is touched in the store is named. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { runCli } from '#test/support/run-cli.ts';
import { type RunningService, startService } from '#test/support/service.ts';

const Verified = z.object({
  verified: z.boolean(),
  round: z.int().optional(),
  verdict: z.string().optional(),
  files: z.int(),
  problems: z.array(z.object({ problem: z.string(), file: z.string() })),
});

let folder: string;
let service: RunningService;
let target: Server;
let jobId: string;
let objects: string;

beforeAll(async () => {
  target = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1');
  folder = await mkdtemp(join(tmpdir(), 'scanfleet-evidence-'));
  service = await startService({ state: join(folder, 'state') });
  const ports = `ports=${(target.address() as AddressInfo).port}`;
  const submitted = await scanfleet('submit', '127.0.0.1', '--scanner', 'nmap', '--option', ports, '--wait', '--json');
  jobId = z.object({ jobId: z.string() }).parse(JSON.parse(submitted.stdout)).jobId;
  objects = join(folder, 'state/s3/scanfleet-results/objects');
}, 120_000);
afterAll(async () => {
  await service?.stop();
  target.close();
  await rm(folder, { recursive: true });
});

const scanfleet = (...args: string[]) =>
  runCli(args, { env: { SCANFLEET_STATE: join(folder, 'state'), HOME: folder }, cwd: folder });

/** Its exit code, and what it said of each problem. */
async function verify(...args: string[]) {
  const { code, stdout, stderr } = await scanfleet('verify', ...args, '--json');
  if (stdout === '') throw new Error(stderr);
  const { problems, ...said } = Verified.parse(JSON.parse(stdout));
  return { code, ...said, problems: problems.map(({ problem, file }) => `${problem} ${file}`) };
}

/** Where the store keeps an object: its bytes come first in the file. */
const placeOf = (...key: string[]) => join(objects, ...key.slice(0, -1).map((part) => `d-${part}`), `o-${key.at(-1)}`);
const NAMES = ['coverage.json', 'evidence.json', 'findings.ndjson.gz', 'raw/nmap.xml.gz'];
const fileOf = (name: string) => placeOf('results', 'acme', jobId, '0001', '1', ...name.split('/'));

async function flip(path: string, at: number): Promise<void> {
  await using file = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, at);
  byte[0] = (byte[0] ?? 0) ^ 1;
  await file.write(byte, 0, 1, at);
}

it('what a job left is what was signed', async () => {
  expect(await verify(jobId)).toEqual({ code: 0, verified: true, round: 1, verdict: 'clean', files: 4, problems: [] });
});

it.each(NAMES)('one byte of %s is named', async (name) => {
  await flip(fileOf(name), 0);
  expect(await verify(jobId)).toMatchObject({ code: 8, verified: false, problems: [`changed 0001/1/${name}`] });
  await flip(fileOf(name), 0);
});

it('a file that is gone is named', async () => {
  const path = fileOf('coverage.json');
  await rename(path, join(folder, 'taken'));
  expect(await verify(jobId)).toMatchObject({ code: 8, problems: ['missing 0001/1/coverage.json'] });
  await rename(join(folder, 'taken'), path);
});

it('a manifest that was changed proves nothing', async () => {
  const path = placeOf('evidence', 'acme', jobId, '1.json');
  const at = (await readFile(path)).indexOf('clean');
  await flip(path, at);
  expect(await verify(jobId)).toEqual({ code: 8, verified: false, files: 0, problems: ['signature manifest.json'] });
  await flip(path, at);
});

it('another key than the one that counts signed nothing', async () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await writeFile(join(folder, 'other.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
  expect(await verify(jobId, '--key', 'other.pem')).toMatchObject({ code: 8, problems: ['signature manifest.json'] });
});

describe('a package', () => {
  it('is kept, and checked without the service', async () => {
    expect(await verify(jobId, '--save', 'kept')).toMatchObject({ code: 0 });
    const local = JSON.parse(await readFile(join(folder, 'state/local.json'), 'utf8'));
    await writeFile(join(folder, 'key.pem'), local.evidenceKey);
    await service.stop();
    expect(await verify('--from', 'kept', '--key', 'key.pem')).toMatchObject({ code: 0, files: 4 });
    expect(await scanfleet('verify', '--from', 'kept')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--key is needed'),
    });
  });

  it('tells which of its files was touched', async () => {
    await flip(join(folder, 'kept/files/0001/1/raw/nmap.xml.gz'), 3);
    expect(await verify('--from', 'kept', '--key', 'key.pem')).toMatchObject({
      code: 8,
      problems: ['changed 0001/1/raw/nmap.xml.gz'],
    });
    expect((await readdir(join(folder, 'kept'))).sort()).toEqual(['files', 'manifest.json', 'manifest.sig']);
  });
});
