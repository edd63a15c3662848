import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobKey, quotaKey } from '#shared/aws/table.ts';
import type { Job } from '#shared/job/job.ts';
import type { JobStore } from '#shared/job/store.ts';
import type { TaskRef } from '#shared/task/task.ts';
import {
  aResult,
  claimTask,
  newTenant,
  race,
  readJob,
  runJob,
  type StoreUnderTest,
  startStore,
  submitJob,
} from '#test/support/store-under-test.ts';

let under: StoreUnderTest;
let store: JobStore;
const WINDOW = 6;
beforeAll(async () => {
  under = await startStore({ windowTasks: WINDOW });
  store = under.store;
});
afterAll(() => under.close());

const ids = (refs: readonly TaskRef[]) => refs.map(({ taskId }) => taskId);
const lent = async (tenant: string) => (await under.item(quotaKey(tenant)))?.lent;
const end = async (ref: TaskRef | undefined) => {
  const { held } = await claimTask(under, ref as TaskRef);
  await store.finish(held, { status: 'completed', result: aResult() });
};
const counts = ({ slots, live, next, openCount }: Job) => ({ slots, live, next, openCount });

describe('release', () => {
  it('releases the next tasks in order of their number, one for each slot', async () => {
    const { jobId, released } = await submitJob(under, 10);
    expect(ids(released)).toEqual(['0001', '0002', '0003', '0004', '0005', '0006']);
    await end(released[1]);
    await end(released[0]);
    expect(ids(await store.release(await readJob(under, jobId)))).toEqual(['0007', '0008']);
    expect(counts(await readJob(under, jobId))).toEqual({ slots: 6, live: 6, next: 8, openCount: 8 });
    expect(await store.readTask(jobId, '0007')).toMatchObject({
      notBefore: under.in(0),
      checkAt: under.in(60),
      resends: 0,
    });
  });

  it('waits, for who ended a task, until half of the slots are free', async () => {
    const { jobId, released } = await submitJob(under, 20);
    const after = [];
    for (const ref of released.slice(0, 3)) {
      await end(ref);
      after.push(ids(await store.release(await readJob(under, jobId), 'refill')));
    }
    expect(after).toEqual([[], [], ['0007', '0008', '0009']]);
  });

  it('does nothing for a job that has all it can use', async () => {
    const { job } = await submitJob(under, 6);
    under.calls.length = 0;
    expect(await store.release(job)).toEqual([]);
    expect(under.calls).toEqual([]);
  });

  it.each(['cancelling', 'completed'] as const)('does nothing for a job that is %s', async (status) => {
    const { job, released } = await submitJob(under, 7);
    await end(released[0]);
    const before = await readJob(under, job.jobId);
    expect(await store.release({ ...before, status })).toEqual([]);
    expect(await readJob(under, job.jobId)).toEqual(before);
  });

  it('releases each task once when two do it at once', async () => {
    const { jobId, released } = await submitJob(under, 12);
    for (const ref of released.slice(0, 4)) await end(ref);
    const seen = await readJob(under, jobId);
    const both = await race(
      () => store.release(seen),
      () => store.release(seen),
    );
    const refs = both.flatMap((settled) => (settled.status === 'fulfilled' ? settled.value : []));
    expect(ids(refs).sort()).toEqual(['0007', '0008', '0009', '0010']);
    expect(counts(await readJob(under, jobId))).toEqual({ slots: 6, live: 6, next: 10, openCount: 8 });
  });

  it('looks again when the job it was given is out of date', async () => {
    const { jobId, released } = await submitJob(under, 12);
    const stale = await readJob(under, jobId);
    for (const ref of released.slice(0, 4)) await end(ref);
    await store.release(await readJob(under, jobId));
    await end({ ...(released[0] as TaskRef), taskId: '0007' });
    expect(ids(await store.release({ ...stale, live: 2 }))).toEqual(['0011']);
  });

  it('stops when the job is cancelled under its hands', async () => {
    const { jobId, released } = await submitJob(under, 12);
    for (const ref of released.slice(0, 4)) await end(ref);
    const seen = await readJob(under, jobId);
    under.failNext('TransactWriteItems', () => store.cancel(jobId, 'me'));
    expect(await store.release(seen)).toEqual([]);
    expect(await store.readTask(jobId, '0008')).toMatchObject({ status: 'cancelled' });
  });

  it('leaves a job alone whose cancel was stored, though nobody has stopped its tasks yet', async () => {
    const { jobId, released } = await submitJob(under, 12);
    for (const ref of released.slice(0, 4)) await end(ref);
    const seen = await readJob(under, jobId);
    under.failNext('TransactWriteItems', async () => {
      under.failNext('TransactWriteItems', async () => undefined);
      for (let tries = 0; tries < 10; tries += 1) under.failNext('TransactWriteItems', 'throttle');
      await store.cancel(jobId, 'me');
    });
    expect(await store.release(seen)).toEqual([]);
    expect(await store.readTask(jobId, '0007')).not.toHaveProperty('checkAt');
  });

  it.each([
    { fault: 'conflict', released: ['0007', '0008', '0009', '0010'] },
    { fault: 'remembered', released: ['0007', '0008', '0009', '0010'] },
    // Nobody knows any more who released: the sweeper sends the messages.
    { fault: 'lost_answer', released: [] },
  ] as const)('after $fault sends $released, and has released them once', async ({ fault, released: expected }) => {
    const { jobId, released } = await submitJob(under, 12);
    for (const ref of released.slice(0, 4)) await end(ref);
    under.failNext('TransactWriteItems', fault);
    expect(ids(await store.release(await readJob(under, jobId)))).toEqual(expected);
    expect(counts(await readJob(under, jobId))).toEqual({ slots: 6, live: 6, next: 10, openCount: 8 });
  });
});

describe('slots', () => {
  it('are borrowed as far as the window goes', async () => {
    const tenant = newTenant();
    const first = await submitJob(under, 4, { tenant });
    const second = await submitJob(under, 10, { tenant });
    expect([first.job.slots, second.job.slots]).toEqual([4, 2]);
    await runJob(under, first.released);
    expect(ids(await store.release(await readJob(under, second.jobId)))).toEqual(['0003', '0004', '0005', '0006']);
    expect(await lent(tenant)).toBe(WINDOW);
  });

  it('are not lent beyond the window, but for the one that each job has', async () => {
    const tenant = newTenant();
    await submitJob(under, 6, { tenant });
    const { job, jobId } = await submitJob(under, 3, { tenant });
    expect(await store.release(job)).toEqual([]);
    expect(counts(await readJob(under, jobId))).toEqual({ slots: 1, live: 1, next: 1, openCount: 3 });
    expect(await lent(tenant)).toBe(WINDOW + 1);
  });

  it('are not borrowed twice by two at once', async () => {
    const tenant = newTenant();
    const first = await submitJob(under, 4, { tenant });
    const second = await submitJob(under, 10, { tenant });
    await runJob(under, first.released);
    const seen = await readJob(under, second.jobId);
    const both = await race(
      () => store.release(seen),
      () => store.release(seen),
    );
    const refs = both.flatMap((settled) => (settled.status === 'fulfilled' ? settled.value : []));
    expect(ids(refs).sort()).toEqual(['0003', '0004', '0005', '0006']);
    expect(await lent(tenant)).toBe(WINDOW);
  });

  it('are given back when nothing waits any more, and taken by the job that waits longest', async () => {
    const tenant = newTenant();
    const first = await submitJob(under, 6, { tenant });
    const second = await submitJob(under, 4, { tenant });
    const third = await submitJob(under, 4, { tenant });
    for (const ref of first.released.slice(0, 3)) await end(ref);
    const released = await store.release(await readJob(under, first.jobId), 'refill');
    expect(released.map(({ jobId, taskId }) => [jobId, taskId])).toEqual([[second.jobId, '0002']]);
    expect(counts(await readJob(under, first.jobId))).toEqual({ slots: 3, live: 3, next: 6, openCount: 3 });
    expect(counts(await readJob(under, third.jobId))).toMatchObject({ slots: 1 });
    expect(await lent(tenant)).toBe(WINDOW);
  });
});

describe('slots that are free', () => {
  it('are given back once by two at once', async () => {
    const { jobId, job, released } = await submitJob(under, 6);
    for (const ref of released.slice(0, 3)) await end(ref);
    const seen = await readJob(under, jobId);
    expect(counts(seen)).toMatchObject({ slots: 6, live: 3, openCount: 3 });
    under.failNext('TransactWriteItems', () => store.release(seen));
    expect(await store.release(seen)).toEqual([]);
    expect(counts(await readJob(under, jobId))).toMatchObject({ slots: 3, live: 3 });
    expect(await lent(job.tenant)).toBe(3);
  });

  it('are given back once, by the end of the job or before it', async () => {
    const { jobId, job, released } = await submitJob(under, 2);
    for (const ref of released) await end(ref);
    const seen = await readJob(under, jobId);
    under.failNext('TransactWriteItems', () => store.release(seen));
    expect(await store.finalise(seen, 'w')).toMatchObject({ status: 'completed', slots: 0 });
    expect(await lent(job.tenant)).toBe(0);
  });
});

describe('releaseWaiting', () => {
  it('serves high priority first, then the oldest', async () => {
    const tenant = newTenant();
    const blocking = await submitJob(under, 6, { tenant });
    const jobs = [];
    for (const priority of ['normal', 'low', 'high', 'normal'] as const) {
      under.pass(1);
      jobs.push(await submitJob(under, 3, { tenant, priority }));
    }
    const ended = await runJob(under, blocking.released);
    expect(ended.status).toBe('completed');
    const released = await store.releaseWaiting(tenant, 6);
    const of = (job: { jobId: string } | undefined) => released.filter(({ jobId }) => jobId === job?.jobId).length;
    // Four of the six free slots are lent already: one to each job.
    expect(jobs.map(of)).toEqual([0, 0, 2, 0]);
    expect(await lent(tenant)).toBe(WINDOW);
  });

  it('asks nobody where the tenant uses little', async () => {
    const tenant = newTenant();
    await submitJob(under, 1, { tenant });
    under.calls.length = 0;
    expect(await store.releaseWaiting(tenant, 1)).toEqual([]);
    expect(under.calls.map(({ operation }) => operation)).toEqual(['GetItem']);
  });

  it('leaves the window to those who have it', async () => {
    const tenant = newTenant();
    await submitJob(under, 6, { tenant });
    await submitJob(under, 3, { tenant });
    expect(await store.releaseWaiting(tenant, 1)).toEqual([]);
  });
});

it('never touches an index with the end of a task', async () => {
  const { jobId, released } = await submitJob(under, 2);
  const keysOf = async () => {
    const { tenant, tenantStatus, createdKey, checkShard, checkAt } = (await under.item(jobKey(jobId))) ?? {};
    return { tenant, tenantStatus, createdKey, checkShard, checkAt };
  };
  const before = await keysOf();
  await end(released[0]);
  expect(await keysOf()).toEqual(before);
});
