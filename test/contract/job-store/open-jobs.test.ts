import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobStore } from '#shared/job/store.ts';
import type { Task, TaskRef } from '#shared/task/task.ts';
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
let store: JobStore;
beforeAll(async () => {
  under = await startStore({ windowTasks: 4 });
  store = under.store;
});
afterAll(() => under.close());

const ids = (items: readonly { jobId: string }[]) => items.map(({ jobId }) => jobId);

describe('openJobs', () => {
  it("are the tenant's that have not ended: high priority first, then the oldest", async () => {
    const tenant = newTenant();
    const submit = async (changes = {}) => {
      under.pass(1);
      return submitJob(under, 1, { tenant, ...changes });
    };
    const [first, second, urgent, ended] = [
      await submit(),
      await submit(),
      await submit({ priority: 'high' }),
      await submit(),
    ];
    await runJob(under, ended.released);
    await claimTask(under, second.released[0] as TaskRef);
    await store.cancel(second.jobId, 'me');
    expect(ids(await store.openJobs(tenant))).toEqual([urgent.jobId, first.jobId, second.jobId]);
    expect(await store.openJobs(newTenant())).toEqual([]);
  });

  it('of all tenants leave out those that have ended and are only not announced', async () => {
    const [one, other, ended] = [await submitJob(under, 1), await submitJob(under, 1), await submitJob(under, 1)];
    await runJob(under, ended.released);
    const open = ids(await store.openJobs());
    expect(open).toEqual(expect.arrayContaining([one.jobId, other.jobId]));
    expect(open).not.toContain(ended.jobId);
  });
});

describe('nextTasks', () => {
  const next = async (jobId: string, limit: number) =>
    (await store.nextTasks(await readJob(under, jobId), limit)).map(({ taskId }: Task) => taskId);

  it('are those that wait for a worker or for a slot, in order of number', async () => {
    const { jobId, released } = await submitJob(under, 6);
    const { held } = await claimTask(under, released[0] as TaskRef);
    await claimTask(under, released[2] as TaskRef);
    await store.finish(held, { status: 'completed', result: aResult() });
    expect(await next(jobId, 10)).toEqual(['0002', '0004', '0005', '0006']);
    expect(await next(jobId, 3)).toEqual(['0002', '0004', '0005']);
  });

  it('of a retried job are those it did not complete', async () => {
    const { jobId, released } = await submitJob(under, 2);
    const { held } = await claimTask(under, released[0] as TaskRef);
    await store.finish(held, { status: 'completed', result: aResult() });
    await runJob(under, released.slice(1), 'failed');
    await store.retry(jobId, 'me');
    expect(await next(jobId, 10)).toEqual(['0002']);
  });
});
