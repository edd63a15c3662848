import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Job } from '#shared/job/job.ts';
import type { JobFilter, Page } from '#shared/job/store.ts';
import {
  aResult,
  claimTask,
  newTenant,
  readJob,
  runJob,
  type StoreUnderTest,
  startStore,
  submitJob,
} from '#test/support/store-under-test.ts';

let under: StoreUnderTest;
beforeAll(async () => {
  under = await startStore({ quotaJobs: Number.POSITIVE_INFINITY });
});
afterAll(() => under.close());

const spec = (...targets: string[]) => ({ targets, scanners: [], labels: {} });
const names = ({ items }: Page<Job>) => items.map(({ name }) => name);
const list = (filter: JobFilter, limit = 100, after?: string) => under.store.listJobs(filter, limit, after);
/** Follows the pages to the end, `limit` jobs each. */
async function allPages(filter: JobFilter, limit: number): Promise<(string | undefined)[][]> {
  const pages = [];
  let after: string | undefined;
  do {
    const page: Page<Job> = await list(filter, limit, after);
    pages.push(names(page));
    after = page.after;
  } while (after !== undefined);
  return pages;
}

describe('listJobs', () => {
  const tenant = newTenant();
  beforeAll(async () => {
    const rows = [
      { name: 'one', project: 'shop', spec: spec('a.example', 'b.example') },
      { name: 'two', spec: spec('b.example') },
      { name: 'three', project: 'shop', spec: spec('10.0.0.0/24') },
      { name: 'four', project: 'mail', spec: spec('a.example') },
    ];
    for (const row of rows) {
      under.pass(60);
      const { released } = await submitJob(under, 1, { tenant, ...row });
      if (row.name === 'two') await runJob(under, released);
      if (row.name === 'three') await runJob(under, released, 'failed');
    }
    await submitJob(under, 1, { name: 'another tenant', project: 'shop', spec: spec('a.example') });
  });

  it.each<{ filter: Omit<JobFilter, 'tenant'>; jobs: string[] }>([
    { filter: {}, jobs: ['four', 'three', 'two', 'one'] },
    { filter: { status: 'queued' }, jobs: ['four', 'one'] },
    { filter: { status: 'failed' }, jobs: ['three'] },
    { filter: { status: 'cancelled' }, jobs: [] },
    { filter: { project: 'shop' }, jobs: ['three', 'one'] },
    { filter: { target: 'b.example' }, jobs: ['two', 'one'] },
    { filter: { target: '10.0.0.0/24' }, jobs: ['three'] },
    { filter: { target: '10.0.0.1' }, jobs: [] },
    { filter: { target: 'a.example', project: 'mail' }, jobs: ['four'] },
    { filter: { target: 'a.example', status: 'failed' }, jobs: [] },
    { filter: { project: 'shop', status: 'queued' }, jobs: ['one'] },
    { filter: { scanner: 'nmap' }, jobs: ['four', 'three', 'two', 'one'] },
    { filter: { scanner: 'nuclei' }, jobs: [] },
    // From the second job's instant on, up to but without the fourth's.
    { filter: { from: '2026-01-31T12:02:00.000Z', to: '2026-01-31T12:04:00.000Z' }, jobs: ['three', 'two'] },
    { filter: { from: '2026-01-31T12:02:00.001Z' }, jobs: ['four', 'three'] },
    { filter: { to: '2026-01-31T12:01:00.000Z' }, jobs: [] },
    { filter: { from: '2026-02-01T00:00:00.000Z', to: '2026-01-01T00:00:00.000Z' }, jobs: [] },
    { filter: { project: 'shop', to: '2026-01-31T12:02:00.000Z' }, jobs: ['one'] },
    { filter: { minSeverity: 'info' }, jobs: ['two'] },
    { filter: { minSeverity: 'low' }, jobs: [] },
  ])('$filter gives $jobs', async ({ filter, jobs }) => {
    const page = await list({ tenant, ...filter });
    expect(names(page)).toEqual(jobs);
    expect(page.after).toBeUndefined();
  });

  it('gives whole jobs', async () => {
    const { items } = await list({ tenant, project: 'mail' });
    expect(items).toEqual([await readJob(under, items[0]?.jobId ?? '')]);
  });

  it('goes on where the last page ended, and says when there is nothing more', async () => {
    expect(await allPages({ tenant }, 3)).toEqual([['four', 'three', 'two'], ['one']]);
    expect(await allPages({ tenant }, 2)).toEqual([
      ['four', 'three'],
      ['two', 'one'],
    ]);
    expect(await allPages({ tenant }, 4)).toEqual([['four', 'three', 'two', 'one']]);
    expect(await allPages({ tenant, project: 'shop' }, 1)).toEqual([['three'], ['one']]);
    expect(await allPages({ tenant, status: 'queued' }, 1)).toEqual([['four'], ['one']]);
    expect(await allPages({ tenant, from: '2026-01-31T12:02:00.000Z' }, 2)).toEqual([['four', 'three'], ['two']]);
  });

  it('fills a page though few of the jobs fit', async () => {
    const mine = newTenant();
    for (let n = 0; n < 130; n += 1) {
      under.pass(1);
      await submitJob(under, 1, {
        tenant: mine,
        name: `job ${n}`,
        ...(n % 60 === 5 ? { project: 'rare' } : {}),
        spec: spec('x.example'),
      });
    }
    expect(await allPages({ tenant: mine, target: 'x.example', project: 'rare' }, 2)).toEqual([
      ['job 125', 'job 65'],
      ['job 5'],
    ]);
  });

  it('names a job once while it moves from state to state', async () => {
    const mine = newTenant();
    const { jobId, released } = await submitJob(under, 1, { tenant: mine, name: 'moving' });
    const { held } = await claimTask(under, released[0] as never);
    await under.store.start(await readJob(under, jobId), 'w');
    expect(names(await list({ tenant: mine, status: 'queued' }))).toEqual([]);
    expect(names(await list({ tenant: mine, status: 'running' }))).toEqual(['moving']);
    await under.store.finish(held, { status: 'completed', result: aResult() });
    await under.store.finalise(await readJob(under, jobId), 'w');
    expect(names(await list({ tenant: mine, status: 'running' }))).toEqual([]);
    expect(names(await list({ tenant: mine, status: 'completed' }))).toEqual(['moving']);
  });

  it('leaves out what has expired', async () => {
    const mine = newTenant();
    await runJob(under, (await submitJob(under, 1, { tenant: mine, name: 'old' })).released);
    expect(names(await list({ tenant: mine }))).toEqual(['old']);
    under.pass(604_800);
    expect(names(await list({ tenant: mine }))).toEqual([]);
  });

  it('reads again what DynamoDB left out of a batch', async () => {
    const mine = newTenant();
    for (const name of ['a', 'b'])
      await submitJob(under, 1, { tenant: mine, name, createdAt: under.in(name === 'a' ? 0 : 1) });
    under.failNext('BatchGetItem', 'partial');
    expect(names(await list({ tenant: mine }))).toEqual(['b', 'a']);
  });
});
