/** Jobs for Nessus from the queue to the verdict, with workers in this process and in processes of their own, and a server of ours. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '#containers/scan-worker/clock.ts';
import type { PoolDeps } from '#containers/scan-worker/scanners/nessus/pool.ts';
import { nessusScanner } from '#containers/scan-worker/scanners/nessus/scanner.ts';
import { SCANNERS_KEY } from '#shared/finding/results.ts';
import { writeHealth } from '#shared/scanner/instances.ts';
import { type FakeNessus, fakeNessus } from '#test/support/fake-nessus.ts';
import { type Fleet, startFleet } from '#test/support/fleet.ts';
import { nessusAt, poolOf } from '#test/support/nessus-pool.ts';

let fleet: Fleet;
beforeEach(async () => {
  fleet = await startFleet();
});
afterEach(() => fleet.close());

const submit = () => fleet.submit(['127.0.0.1', '127.0.0.2'], { scanner: 'nessus', options: { template: 'basic' } });
/** In real time, but for the pauses between tries. */
const scannerAt = (server: FakeNessus, more: object = {}, deps: Partial<PoolDeps> = {}) => {
  const publish: PoolDeps['publish'] = (name, health) => writeHealth(fleet.results, name, health);
  return nessusScanner(poolOf([nessusAt(server.url, more)], { clock: systemClock, publish, ...deps }));
};
const forEver = Array<string>(10_000).fill('running');

describe('a job for nessus', () => {
  it('ends with what Nessus found, its report untouched, and an evidence without keys', async () => {
    await using server = await fakeNessus();
    const { jobId, tenant } = await submit();
    fleet.work(scannerAt(server));
    const job = await fleet.ended(jobId);
    expect(job).toMatchObject({ status: 'completed', findings: 4, summary: { verdict: 'findings', covered: 2 } });
    const prefix = `results/${tenant}/${jobId}/0001/1/`;
    expect(await fleet.read(`${prefix}raw/nessus.nessus.gz`)).toContain('<NessusClientData_v2>');
    const evidence = await fleet.read(`${prefix}evidence.json`);
    expect(JSON.parse(evidence)).toMatchObject({
      scanner: { name: 'nessus', version: 'one 10.8.3' },
      runs: [{ argv: ['nessus', '127.0.0.1,127.0.0.2'], exit: { code: 0, reason: 'exited' } }],
    });
    expect(evidence).not.toContain('key-of-the-tests');
    expect(JSON.parse(await fleet.read('health/nessus/one.json'))).toMatchObject({
      available: true,
      version: '10.8.3',
    });
  });

  it('that is cancelled stops the scan on the server and keeps what was found until then', async () => {
    await using server = await fakeNessus({ steps: forEver });
    const { jobId } = await submit();
    fleet.work(scannerAt(server, { afterScan: 'keep' }));
    await fleet.task(jobId, ({ progress }) => progress?.percent === 40);
    await fleet.jobs.cancel(jobId, 'tester');
    const job = await fleet.ended(jobId);
    expect(job).toMatchObject({
      status: 'cancelled',
      partialFindings: 4,
      summary: { verdict: 'incomplete', covered: 1 },
    });
    expect(server.scans.get(11)?.status).toBe('canceled');
  });

  it('waits for its turn where the server is full, and that is no failure', async () => {
    await using server = await fakeNessus();
    const other = server.occupy();
    const { jobId } = await submit();
    fleet.work(scannerAt(server, { maxConcurrentScans: 1 }));
    const waiting = await fleet.task(jobId, ({ status, attempt }) => status === 'queued' && attempt === 1);
    expect(waiting).toMatchObject({ failures: 0, claims: [], error: { code: 'scanner_busy' } });
    server.scans.delete(other.id);
    expect(await fleet.sweepUntilEnded(jobId)).toMatchObject({ status: 'completed', summary: { verdict: 'findings' } });
  });

  it('goes on after its worker was killed: the next attempt ends what was left on the server', async () => {
    await using server = await fakeNessus({ steps: forEver });
    const file = JSON.stringify({ nessus: [nessusAt(server.url)] });
    await fleet.results.write(SCANNERS_KEY, Buffer.from(file), 'application/yaml');
    const { jobId } = await submit();
    const killed = fleet.spawnWorker();
    await expect.poll(() => server.scans.get(11)?.status, { timeout: 20_000 }).toBe('running');
    killed.kill('SIGKILL');
    const left = server.scans.get(11);
    fleet.work(scannerAt(server));
    const swept = fleet.sweepUntilEnded(jobId);
    await expect.poll(() => server.scans.get(12)?.status, { timeout: 20_000 }).toBe('running');
    expect([left?.status, server.scans.has(11)]).toEqual(['canceled', false]);
    Object.assign(server.scans.get(12) as object, { status: 'completed', steps: [] });
    expect(await swept).toMatchObject({ status: 'completed', findings: 4, ended: { completed: 1 } });
    expect(await fleet.jobs.readTasks(jobId)).toMatchObject([{ attempt: 2, failures: 1 }]);
  });

  it('is tried again after its server died, and is a dead letter in the end; its verdict is never clean', async () => {
    await using server = await fakeNessus({ steps: forEver });
    const { jobId } = await submit();
    fleet.work(scannerAt(server, {}, { random: () => 0 }));
    await expect.poll(() => server.scans.get(11)?.status, { timeout: 10_000 }).toBe('running');
    await server[Symbol.asyncDispose]();
    const job = await fleet.sweepUntilEnded(jobId);
    expect(job).toMatchObject({ status: 'failed', summary: { verdict: 'no_verdict' } });
    const [task] = await fleet.jobs.readTasks(jobId);
    expect(task).toMatchObject({ error: { code: 'nessus_unavailable', retryable: true }, failures: 2 });
    expect(task?.deadLetteredAt).toBeDefined();
  });
});
