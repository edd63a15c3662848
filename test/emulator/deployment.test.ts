/**
 * The stack as `cdk deploy` makes it, used as its callers use it: API Gateway, functions, table, queues, bucket, bus and schedules of an
 * emulator that checks signatures and policies. The emulator's ECS starts nothing, so the worker is a process of its own; answers that
 * stream come in one piece.
 */
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type Deployment, deploy, type Worker } from '#test/support/deployment.ts';
import { findMinistack, type Ministack, startMinistack } from '#test/support/ministack.ts';
import { type CliResult, runCli } from '#test/support/run-cli.ts';

const Login = z.object({ evidenceKey: z.object({ publicKey: z.string() }) });
const Link = z.object({ url: z.url(), sha256: z.string() });

const program = findMinistack();
const title = program === undefined ? 'the deployed stack (skipped: no ministack on PATH)' : 'the deployed stack';

describe.skipIf(program === undefined)(title, () => {
  let emulator: Ministack;
  let deployment: Deployment;
  let worker: Worker;
  let target: Server;
  let port: number;

  beforeAll(async () => {
    target = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1');
    emulator = await startMinistack(program as string);
    deployment = await deploy(emulator);
    worker = await deployment.startWorker();
    await deployment.sendDeadLetter('not JSON at all');
    port = (target.address() as AddressInfo).port;
  }, 300_000);
  afterAll(async () => {
    await worker?.stop();
    await emulator?.close();
    target?.close();
  });

  const scanfleet = (...args: string[]) => runCli(args, { env: { ...emulator.env, SCANFLEET_URL: deployment.apiUrl } });
  const submit = (option: string, ...more: string[]) =>
    scanfleet('submit', '127.0.0.1', '--scanner', 'nmap', '--option', option, '--json', ...more);
  const answer = ({ stdout, stderr }: CliResult) => {
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout);
  };
  const statusOf = async (jobId: string) => answer(await scanfleet('status', jobId, '--json')).status;

  /** Waits until the report is built. */
  async function reportLink(jobId: string): Promise<z.output<typeof Link>> {
    const path = `${new URL(deployment.apiUrl).pathname}/jobs/${jobId}/report-link`;
    const headers = { 'content-type': 'application/json' };
    const ask = async () =>
      JSON.parse(await emulator.call('execute-api', path, { method: 'POST', headers, body: '{}' }));
    await expect.poll(ask, { timeout: 60_000, interval: 500 }).toMatchObject({ status: 'ready' });
    return Link.parse(await ask());
  }

  it('says who asks', async () => {
    const health = JSON.parse(await emulator.call('execute-api', `${new URL(deployment.apiUrl).pathname}/health`));
    expect(health).toMatchObject({ status: 'ok', principal: 'arn:aws:iam::000000000000:user/administrator' });
  });

  it('refuses what is not signed, and what is signed by a stranger', async () => {
    expect((await fetch(`${deployment.apiUrl}/health`)).status).toBe(403);
    const stranger = { AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE', AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI' };
    const env = { ...emulator.env, ...stranger, SCANFLEET_URL: deployment.apiUrl };
    expect(await runCli(['list'], { env })).toMatchObject({
      stdout: '',
      stderr: expect.stringContaining('The request was refused.'),
    });
  });

  it('runs a scan to its verdict, reports it, and hands the report out by a link', async () => {
    const submitted = await submit(`ports=${port}`, '--wait');
    expect(submitted).toMatchObject({ code: 0 });
    const { jobId } = answer(submitted);
    expect(answer(await scanfleet('status', jobId, '--json'))).toMatchObject({ status: 'completed', verdict: 'clean' });

    const report = await scanfleet('report', jobId, '--format', 'json');
    const whole = { job: { jobId, verdict: 'clean' }, findings: [{ location: { port } }] };
    expect(JSON.parse(report.stdout)).toMatchObject(whole);

    const link = await reportLink(jobId);
    const download = await fetch(link.url);
    const bytes = Buffer.from(await download.arrayBuffer());
    expect(JSON.parse(bytes.toString())).toMatchObject(whole);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(link.sha256);
  });

  it('signs what a scan left with its key in KMS, which the CLI pins at login', async () => {
    const { jobId } = answer(await submit('ports=1', '--wait'));
    const env = { ...emulator.env, HOME: emulator.folder };
    const login = await runCli(['login', '--stack', 'scanfleet-emulated', '--region', emulator.region, '--json'], {
      env,
    });
    const key = join(emulator.folder, 'key.pem');
    await writeFile(key, Login.parse(answer(login)).evidenceKey.publicKey);
    const verified = await scanfleet('verify', jobId, '--key', key, '--json');
    expect(answer(verified)).toMatchObject({ verified: true, jobId, files: 4, problems: [] });
  });

  it('stops a scan that is cancelled', async () => {
    const { jobId } = answer(await submit('ports=1-65535', '--option', 'timing=2'));
    await expect.poll(() => statusOf(jobId), { timeout: 90_000, interval: 500 }).toBe('running');
    expect(await scanfleet('cancel', jobId)).toMatchObject({ code: 0, stderr: '' });
    await expect.poll(() => statusOf(jobId), { timeout: 30_000, interval: 500 }).toBe('cancelled');
  });

  it('answers the same key with the same job', async () => {
    const [first, again] = [
      await submit('ports=1', '--idempotency-key', 'once'),
      await submit('ports=1', '--idempotency-key', 'once'),
    ];
    expect(answer(again)).toEqual(answer(first));
  });

  it('sweeps by its schedule: an unreadable message in a dead-letter queue becomes a record', async () => {
    const letters = async () => (await scanfleet('dead-letters', '--fleet', '--json')).stdout;
    await expect.poll(letters, { timeout: 150_000, interval: 2_000 }).toContain('not JSON at all');
  });
});
