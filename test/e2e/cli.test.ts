/** The command line as its users have it: against the real local service, whose workers run the real nmap on loopback. */
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JobView } from '#shared/contracts/job.ts';
import { ListJobsResponse } from '#shared/contracts/list-jobs.ts';
import { type CliResult, ended, runCli, runCliOnTerminal, startCli } from '#test/support/run-cli.ts';
import { type RunningService, startService } from '#test/support/service.ts';

let service: RunningService;
let folder: string;
let env: Record<string, string>;
/** What is scanned: a port that is open, and nothing behind it. */
let open: Server;
let port: number;

beforeAll(async () => {
  open = createServer((socket) => socket.destroy());
  await once(open.listen(0, '127.0.0.1'), 'listening');
  port = (open.address() as AddressInfo).port;
  folder = await mkdtemp(join(tmpdir(), 'scanfleet-cli-e2e-'));
  service = await startService();
  env = environmentOf('acme');
});
afterAll(async () => {
  await service?.stop();
  open.close();
  await rm(folder, { recursive: true });
});

function environmentOf(name: string): Record<string, string> {
  const { accessKeyId, secretAccessKey } = service.as(name);
  return {
    HOME: folder,
    SCANFLEET_URL: service.endpoint,
    AWS_REGION: service.region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  };
}

const scanfleet = (...args: readonly string[]): Promise<CliResult> => runCli(args, { env, cwd: folder });
const scan = (...more: readonly string[]) =>
  scanfleet('submit', '127.0.0.1', '--scanner', 'nmap', '--option', `ports=${port}`, ...more);

describe('a scan from the command line', () => {
  let job: JobView;
  beforeAll(async () => {
    const { code, stdout } = await scan('--name', 'e2e', '--project', 'shop', '--wait', '--json');
    expect(code).toBe(0);
    job = JobView.parse(JSON.parse(stdout));
  });

  it('is followed to its verdict', () => {
    expect(job).toMatchObject({ status: 'completed', verdict: 'clean', findings: 1, covered: 1, uncovered: 0 });
  });

  it('is shown and listed', async () => {
    expect(JSON.parse((await scanfleet('status', job.jobId, '--json')).stdout)).toEqual(job);
    const { stdout } = await scanfleet('list', '--project', 'shop', '--json');
    expect(ListJobsResponse.parse(JSON.parse(stdout)).jobs.map(({ jobId }) => jobId)).toEqual([job.jobId]);
    expect((await scanfleet('list')).stdout).toMatch(new RegExp(`^${job.jobId} .* completed .* e2e$`, 'm'));
  });

  it('is reported as JSON to a file, NDJSON to a pipe and a table on a terminal', async () => {
    const toFile = await scanfleet('report', job.jobId, '-o', 'report.json');
    expect(toFile).toMatchObject({ code: 0, stdout: '' });
    const report = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'));
    expect(Object.keys(report)).toEqual(['job', 'coverage', 'counts', 'findings']);
    expect(report.findings).toMatchObject([{ rule: 'open-port', severity: 'info', location: { port } }]);

    const { stdout } = await scanfleet('report', job.jobId, '--format', 'ndjson', '--profile', 'full');
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject([{ id: report.findings[0].id }, { end: true, findings: 1 }]);

    const shown = await runCliOnTerminal(['report', job.jobId], 120, { env });
    expect(shown.stdout).toContain(`127.0.0.1:${port}/tcp`);
  });

  it('is shown finding by finding and target by target', async () => {
    const linesOf = async (...args: readonly string[]) =>
      (await scanfleet(...args, '--json')).stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
    expect(await linesOf('findings', job.jobId)).toMatchObject([
      { rule: 'open-port', severity: 'info', location: { port } },
      { end: true, shown: 1, total: 1, complete: true },
    ]);
    expect(await linesOf('coverage', job.jobId)).toMatchObject([
      { host: '127.0.0.1', status: 'reached' },
      { end: true, shown: 1, total: 1, complete: true },
    ]);
    expect((await scanfleet('findings', job.jobId)).stdout).toContain(`127.0.0.1:${port}/tcp`);
    expect((await scanfleet('coverage', job.jobId, '--status', 'down')).stdout).toBe('No targets.\n');
  });

  it('is not there for another tenant', async () => {
    const other = await runCli(['status', job.jobId], { env: environmentOf('globex') });
    expect(other).toMatchObject({ code: 3, stdout: '' });
  });

  it('is submitted once under one idempotency key', async () => {
    const submit = () => scan('--idempotency-key', 'once');
    const [first, second] = [await submit(), await submit()];
    expect(second.stdout).toBe(first.stdout);
    const other = await scan('--idempotency-key', 'once', '--name', 'another');
    expect(other.code).toBe(4);
  });

  it('has no escape codes in a pipe', async () => {
    for (const args of [['list'], ['status', job.jobId], ['report', job.jobId, '--format', 'table']]) {
      const { stdout, stderr } = await scanfleet(...args);
      expect(stdout + stderr).not.toContain('\u001b');
    }
  });
});

it('a running scan is cancelled, and ends without a verdict', async () => {
  // One probe every 0.4 s, one at a time: far from done when it is cancelled (https://nmap.org/book/performance-timing-templates.html).
  const slow = ['--option', 'ports=1-1000', '--option', 'timing=2'];
  const submitted = await scanfleet('submit', '127.0.0.1', '--scanner', 'nmap', ...slow);
  const jobId = submitted.stdout.trim();
  expect(await scanfleet('report', jobId)).toMatchObject({ code: 4, stdout: '' });
  expect(await scanfleet('cancel', jobId, '--wait')).toMatchObject({ code: 0, stdout: `${jobId} cancelled\n` });
  expect(await scanfleet('status', jobId, '--exit-verdict')).toMatchObject({ code: 12 });
  expect(await scanfleet('cancel', jobId)).toMatchObject({ code: 0 });
});

it('a long scan is watched: its progress is told as it comes, and its end at once', async () => {
  const slow = ['--option', 'ports=1-1000', '--option', 'timing=2'];
  const submitted = await scanfleet('submit', '127.0.0.1', '--scanner', 'nmap', ...slow);
  const jobId = submitted.stdout.trim();
  const watching = startCli(['status', jobId, '--watch', '--json'], { env, cwd: folder });
  let told = '';
  const isWatched = new Promise<void>((resolve) => {
    watching.stdout?.on('data', (chunk: Buffer) => {
      told += chunk.toString();
      if (/"percent":[1-9]/.test(told)) resolve();
    });
  });
  const end = ended(watching);
  await isWatched;
  await scanfleet('cancel', jobId);
  const { code, stdout } = await end;
  expect(code).toBe(0);
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JobView.parse(JSON.parse(line)));
  expect(lines.at(-1)?.status).toBe('cancelled');
  expect(lines.length).toBeGreaterThan(2);
});

it('a refused request names every field', async () => {
  const result = await scanfleet('submit', 'a b', '10.0.0.0/99', '--scanner', 'nmap', '--option', 'timing=9');
  expect(result).toMatchObject({ code: 2, stdout: '' });
  for (const field of ['targets[0]', 'targets[1]', 'scanners[0].options.timing'])
    expect(result.stderr).toContain(field);
});

it('a denied target is refused by name', async () => {
  const result = await scanfleet('submit', '10.0.0.1', '--scanner', 'nmap', '--json');
  expect(result.code).toBe(3);
  expect(JSON.parse(result.stderr)).toMatchObject({ error: { code: 'target_denied' }, exitCode: 3 });
});

it('`scanfleet local` prints one line when it is ready, and ends cleanly on SIGTERM', async () => {
  const child = startCli(['local', '--port', '0', '--ephemeral', '--json'], { env: { HOME: folder }, cwd: folder });
  child.stdout?.once('data', () => child.kill('SIGTERM'));
  const { code, stdout } = await ended(child);
  expect(code).toBe(0);
  expect(stdout.split('\n')).toHaveLength(2);
  const { endpoint, region, identities } = JSON.parse(stdout);
  expect(endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(region).toBe('us-east-1');
  expect(identities.map((one: { name: string }) => one.name)).toEqual(['acme', 'globex', 'admin']);
});
