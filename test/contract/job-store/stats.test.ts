import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statsKey } from '#shared/aws/table.ts';
import type { JobStore } from '#shared/job/store.ts';
import type { TaskRef } from '#shared/task/task.ts';
import {
  claimTask,
  newTenant,
  readJob,
  runJob,
  type StoreUnderTest,
  startStore,
  submitJob,
} from '#test/support/store-under-test.ts';

let under: StoreUnderTest;
let store: JobStore;
beforeAll(async () => {
  under = await startStore();
  store = under.store;
});
afterAll(() => under.close());

const DAY_SECONDS = 86_400;
const today = () => under.in(0).slice(0, 10);

describe('readStats', () => {
  it('gives the figures of the days asked for, in order, and of no other tenant', async () => {
    const tenant = newTenant();
    const days: string[] = [];
    for (let day = 0; day < 3; day += 1) {
      days.push(today());
      const scanners = day === 1 ? (['nmap', 'axe'] as const) : (['nmap'] as const);
      await runJob(under, (await submitJob(under, 1, { tenant, scanners })).released);
      await runJob(under, (await submitJob(under, 1)).released);
      under.pass(DAY_SECONDS);
    }
    const [first = '', second = '', third = ''] = days;
    const read = async (from: string, to: string) =>
      (await store.readStats(tenant, from, to)).map(({ day, scanner, figures }) => [day, scanner, figures.nCompleted]);
    expect(await read(first, third)).toEqual([
      [first, 'nmap', 1],
      [second, 'axe', 0],
      [second, 'nmap', 1],
      [third, 'nmap', 1],
    ]);
    expect(await read(second, second)).toHaveLength(2);
    expect(await read(today(), today())).toEqual([]);
  });

  it('takes a figure that an item does not name for 0', async () => {
    const tenant = newTenant();
    await under.edit(statsKey(tenant, today(), 'nmap'), { schemaVersion: 1, jobs: 3 });
    const [stats] = await store.readStats(tenant, today(), today());
    expect(stats?.figures).toMatchObject({ jobs: 3, hostBusy: 0, cancelMs: 0 });
  });

  it('forgets after 90 days', async () => {
    const tenant = newTenant();
    const day = today();
    await runJob(under, (await submitJob(under, 1, { tenant })).released);
    under.pass(90 * DAY_SECONDS - 1);
    expect(await store.readStats(tenant, day, day)).toHaveLength(1);
    under.pass(1);
    expect(await store.readStats(tenant, day, day)).toEqual([]);
  });

  it('counts busy hosts, lost leases and runs made again, each in the round it happened in', async () => {
    const tenant = newTenant();
    const { jobId, released } = await submitJob(under, 1, { tenant });
    const [ref] = released as readonly [TaskRef];
    await store.putBack((await claimTask(under, ref)).held, 'host_busy', 0);
    await store.putBack((await claimTask(under, ref)).held, 'host_busy', 0);
    await claimTask(under, ref);
    under.pass(61);
    await store.sweepJob(jobId);
    under.pass(600);
    await runJob(under, released, 'failed');
    const figures = async () => (await store.readStats(tenant, today(), today()))[0]?.figures;
    expect(await figures()).toMatchObject({
      jobs: 1,
      jobRetries: 0,
      hostBusy: 2,
      leasesLost: 1,
      runsAgain: 1,
      runs: 1,
    });
    under.pass(1);
    await runJob(under, await store.release(await store.retry(jobId, 'me')));
    expect(await figures()).toMatchObject({
      jobs: 2,
      jobRetries: 1,
      hostBusy: 2,
      leasesLost: 1,
      runsAgain: 1,
      runs: 2,
    });
    for (const counted of ['hostBusy', 'leasesLost'])
      expect(await store.readTask(jobId, '0001')).not.toHaveProperty(counted);
  });

  it('counts no busy host of an earlier round for a task that was cancelled before it ran again', async () => {
    const tenant = newTenant();
    const { jobId, released } = await submitJob(under, 1, { tenant });
    await store.putBack((await claimTask(under, released[0] as TaskRef)).held, 'host_busy', 0);
    await runJob(under, released, 'failed');
    await store.retry(jobId, 'me');
    await store.cancel(jobId, 'me');
    const [stats] = await store.readStats(tenant, today(), today());
    expect(stats?.figures).toMatchObject({ jobs: 2, hostBusy: 1, cancels: 1, cancelsForced: 0 });
  });

  it('counts a lease that was lost under a cancel, which a worker so did not obey', async () => {
    const tenant = newTenant();
    const { jobId, released } = await submitJob(under, 1, { tenant });
    await claimTask(under, released[0] as TaskRef);
    await store.cancel(jobId, 'me');
    under.pass(61);
    await store.sweepJob(jobId);
    const [stats] = await store.readStats(tenant, today(), today());
    expect(stats?.figures).toMatchObject({ cancels: 1, cancelsForced: 1, leasesLost: 1 });
  });

  it('tells a cancel that a worker obeyed from one it had to be given up for', async () => {
    const tenant = newTenant();
    const cancelled = async () => {
      const { jobId, released } = await submitJob(under, 1, { tenant });
      const { held } = await claimTask(under, released[0] as TaskRef);
      await store.cancel(jobId, 'me');
      return { jobId, held };
    };
    const obeyed = await cancelled();
    under.pass(2);
    await store.finish(obeyed.held, { status: 'cancelled' });
    await store.finalise(await readJob(under, obeyed.jobId), 'w');
    const ignored = await cancelled();
    for (let seconds = 0; seconds < 150; seconds += 30) {
      under.pass(30);
      await store.heartbeat(ignored.held);
      await store.sweepJob(ignored.jobId);
    }
    expect(await readJob(under, ignored.jobId)).toMatchObject({ status: 'cancelled' });
    const [stats] = await store.readStats(tenant, today(), today());
    expect(stats?.figures).toMatchObject({ cancels: 2, cancelsForced: 1, nCancelled: 2, leasesLost: 0 });
    expect(stats?.figures.cancelMs).toBeGreaterThanOrEqual(2_000 + 120_000);
  });
});
