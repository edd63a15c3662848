import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobKey, quotaKey } from '#shared/aws/table.ts';
import type { JobStore, NewJob } from '#shared/job/store.ts';
import type { MaintenanceWindow } from '#shared/target/maintenance-window.ts';
import type { TaskRef } from '#shared/task/task.ts';
import {
  aResult,
  claimTask,
  newJob,
  newTenant,
  readJob,
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

const ids = (refs: readonly TaskRef[]) => refs.map(({ taskId }) => taskId);

/** A job with one task for each window. */
async function submitWindows(
  windows: readonly (MaintenanceWindow | undefined)[],
  changes: Partial<NewJob['job']> = {},
  into = store,
) {
  const planned = newJob(under, windows.length, changes);
  const tasks = planned.tasks.map((task, index) => ({ ...task, window: windows[index] }));
  const submitted = await into.submit({ ...planned, tasks }, () => '{}');
  if (submitted.outcome !== 'created') throw new Error('the job is not new');
  const { job, released } = submitted;
  return { jobId: job.jobId, tenant: job.tenant, released: ids(released) };
}

async function complete(jobId: string, taskId: string) {
  const { held } = await claimTask(under, { jobId, taskId });
  await store.finish(held, { status: 'completed', result: aResult() });
}

describe('a task before its window', () => {
  it('is not claimable, and costs neither a message nor a slot of the tenant', async () => {
    const notBefore = under.in(100);
    const { jobId, tenant, released } = await submitWindows([{ notBefore }, { notBefore }]);
    expect(released).toEqual([]);
    expect(await readJob(under, jobId)).toMatchObject({ slots: 0, live: 0, next: 0, opensAt: notBefore });
    expect(await under.item(quotaKey(tenant))).toMatchObject({ activeJobs: 1, lent: 0 });
    under.pass(99);
    expect(await store.sweepJob(jobId)).toMatchObject({ send: [], actions: {} });
    expect(await store.claim({ jobId, taskId: '0001' }, 'w')).toBeUndefined();
    expect(await store.readTask(jobId, '0001')).toMatchObject({ status: 'queued', failures: 0, attempt: 0 });
  });

  it('goes on the queue when it opens', async () => {
    const { jobId } = await submitWindows([{ notBefore: under.in(60) }, { notBefore: under.in(60) }]);
    under.pass(60);
    const swept = await store.sweepJob(jobId);
    expect(ids(swept.send)).toEqual(['0001', '0002']);
    expect(swept.actions).toEqual({ release: 1 });
    expect(await claimTask(under, { jobId, taskId: '0001' })).toMatchObject({ held: { attempt: 1 } });
  });

  it.each([
    ['one transaction', 100],
    ['many', 5],
  ])('waits alone: what is open runs meanwhile (submitted in %s)', async (_, transactionItems) => {
    const small = under.withLimits({}, transactionItems);
    const window = { notBefore: under.in(60) };
    const { jobId, tenant, released } = await submitWindows([undefined, undefined, window, window], {}, small);
    expect(released).toEqual(['0001', '0002']);
    expect(await readJob(under, jobId)).toMatchObject({ slots: 2, live: 2, opensAt: window.notBefore });
    await complete(jobId, '0001');
    await complete(jobId, '0002');
    expect(await store.release(await readJob(under, jobId))).toEqual([]);
    expect(await under.item(quotaKey(tenant))).toMatchObject({ lent: 0 });
    expect(await store.finalise(await readJob(under, jobId), 'w')).toBeUndefined();
    under.pass(60);
    expect(ids((await store.sweepJob(jobId)).send)).toEqual(['0003', '0004']);
  });

  it('leaves the window of the tenant to its other jobs, and takes its part when it opens', async () => {
    const tenant = newTenant();
    const waiting = await submitWindows(Array(6).fill({ notBefore: under.in(60) }), { tenant });
    const other = await submitJob(under, 6, { tenant });
    expect(ids(other.released)).toEqual(['0001', '0002', '0003', '0004']);
    under.pass(60);
    expect(ids((await store.sweepJob(waiting.jobId)).send)).toEqual(['0001']);
  });

  it('opens in order: the later window waits on', async () => {
    const [early, late] = [{ notBefore: under.in(60) }, { notBefore: under.in(120) }];
    const { jobId } = await submitWindows([early, early, late]);
    under.pass(60);
    expect(ids((await store.sweepJob(jobId)).send)).toEqual(['0001', '0002']);
    expect(await readJob(under, jobId)).toMatchObject({ slots: 2, live: 2, next: 2, opensAt: late.notBefore });
    under.pass(60);
    expect(ids((await store.sweepJob(jobId)).send)).toEqual(['0001', '0002', '0003']);
  });

  it('is cancelled at once', async () => {
    const { jobId, tenant } = await submitWindows([{ notBefore: under.in(60) }]);
    expect(await store.cancel(jobId, 'me')).toMatchObject({ status: 'cancelled', ended: { cancelled: 1 } });
    expect(await under.item(quotaKey(tenant))).toMatchObject({ activeJobs: 0, lent: 0 });
  });

  it('times out at the deadline', async () => {
    const { jobId } = await submitWindows([{ notBefore: under.in(200) }], { deadlineSeconds: 100 });
    under.pass(100);
    expect(await store.sweepJob(jobId)).toMatchObject({ finished: { status: 'timed_out' }, actions: { expire: 1 } });
  });
});

describe('a window that closes', () => {
  const error = { code: 'window_closed', retryable: true };

  it('with no worker there ends what is on the queue, what waits, and the job', async () => {
    const window = { notAfter: under.in(100) };
    const { jobId, tenant, released } = await submitWindows(Array(6).fill(window));
    expect(released).toHaveLength(4);
    under.pass(99);
    expect((await store.sweepJob(jobId)).actions).not.toHaveProperty('close');
    under.pass(60);
    const swept = await store.sweepJob(jobId);
    expect(swept).toMatchObject({
      send: [],
      actions: { close: 1 },
      finished: {
        status: 'failed',
        ended: { failed: 6 },
        summary: { verdict: 'no_verdict', covered: 0, uncovered: 6 },
      },
    });
    for (const taskId of ['0001', '0006'])
      expect(await store.readTask(jobId, taskId)).toMatchObject({ status: 'failed', error, failures: 0, claims: [] });
    expect(await store.readTask(jobId, '0001')).not.toHaveProperty('deadLetteredAt');
    expect(await store.listDeadLetters(tenant, 10)).toEqual({ items: [] });
    expect(await under.item(quotaKey(tenant))).toMatchObject({ activeJobs: 0, lent: 0 });
  });

  it('leaves the other tasks of the job alone, and gives them its slots', async () => {
    const closing = { notAfter: under.in(60) };
    const { jobId } = await submitWindows([closing, closing, closing, closing, undefined, undefined]);
    under.pass(60);
    const swept = await store.sweepJob(jobId);
    expect([ids(swept.send), swept.actions.close]).toEqual([['0005', '0006'], 1]);
    expect(await readJob(under, jobId)).toMatchObject({ openCount: 2, live: 2, ended: { failed: 4 } });
  });

  it('leaves a task to the worker that has it, and takes it from one that died', async () => {
    const { jobId } = await submitWindows([{ notAfter: under.in(50) }]);
    const { held } = await claimTask(under, { jobId, taskId: '0001' });
    under.pass(55);
    expect(await store.sweepJob(jobId)).toMatchObject({ actions: {} });
    expect(await store.readTask(jobId, '0001')).toMatchObject({ status: 'running' });
    under.pass(55);
    expect(await store.sweepJob(jobId)).toMatchObject({ finished: { status: 'failed' }, actions: { close: 1 } });
    expect(await store.readTask(jobId, '0001')).toMatchObject({ error, claims: [{ why: 'lease_lost' }] });
    expect(await store.finish(held, { status: 'completed', result: aResult() })).toBe('superseded');
  });

  it('in the moment of a claim leaves the task to its worker', async () => {
    const { jobId } = await submitWindows([{ notAfter: under.in(60) }]);
    under.pass(60);
    under.failNext('TransactWriteItems', () => claimTask(under, { jobId, taskId: '0001' }));
    expect(await store.sweepJob(jobId)).toMatchObject({ actions: { close: 1 } });
    expect(await store.readTask(jobId, '0001')).toMatchObject({ status: 'running', attempt: 1 });
    expect(await readJob(under, jobId)).toMatchObject({ openCount: 1, live: 1, ended: { failed: 0 } });
  });

  it('in the moment of a cancel leaves the tasks to that', async () => {
    const { jobId } = await submitWindows([{ notAfter: under.in(60) }]);
    under.pass(60);
    under.failNext('TransactWriteItems', () => store.cancel(jobId, 'me'));
    await store.sweepJob(jobId);
    expect(await readJob(under, jobId)).toMatchObject({ status: 'cancelled', ended: { cancelled: 1, failed: 0 } });
  });

  it('in the moment of a cancel that got no further than the job leaves the tasks to be cancelled', async () => {
    const { jobId } = await submitWindows([{ notAfter: under.in(60) }]);
    under.pass(60);
    const cancelling = { status: 'cancelling', stopReason: 'cancel', stopAt: under.in(0) };
    under.failNext('TransactWriteItems', () => under.edit(jobKey(jobId), cancelling));
    await store.sweepJob(jobId);
    expect(await readJob(under, jobId)).toMatchObject({ status: 'cancelling', ended: { failed: 0 } });
    under.pass(60);
    expect(await store.sweepJob(jobId)).toMatchObject({ finished: { status: 'cancelled', ended: { cancelled: 1 } } });
  });

  it('closes again over a retry in the same window, and over nothing that completed', async () => {
    const { jobId } = await submitWindows([undefined, { notAfter: under.in(60) }]);
    await complete(jobId, '0001');
    under.pass(60);
    expect(await store.sweepJob(jobId)).toMatchObject({ finished: { status: 'failed' } });
    await store.retry(jobId, 'me');
    under.pass(60);
    expect(await store.sweepJob(jobId)).toMatchObject({
      send: [],
      finished: { status: 'failed', round: 2, ended: { completed: 1, failed: 1 } },
    });
    expect(await store.readTask(jobId, '0002')).toMatchObject({ status: 'failed', round: 2, attempt: 0, error });
  });
});

describe('a retry with another window', () => {
  /** One task completed, one closed on the queue, one closed before it was released. */
  async function closedJob() {
    const past = { notAfter: under.in(60) };
    const submitted = await submitWindows([undefined, past, past], {}, under.withLimits({ windowTasks: 2 }));
    await complete(submitted.jobId, '0001');
    under.pass(60);
    expect(await store.sweepJob(submitted.jobId)).toMatchObject({ finished: { ended: { completed: 1, failed: 2 } } });
    return submitted;
  }

  it('runs in that what did not complete, and leaves the rest as it was', async () => {
    const { jobId } = await closedJob();
    const window = { notBefore: under.in(100), notAfter: under.in(200) };
    expect(await store.release(await store.retry(jobId, 'me', { window }))).toEqual([]);
    expect(await readJob(under, jobId)).toMatchObject({ slots: 0, live: 0, opensAt: window.notBefore });
    under.pass(60);
    expect(await store.sweepJob(jobId)).toMatchObject({ send: [], actions: {} });
    under.pass(40);
    expect(ids((await store.sweepJob(jobId)).send)).toEqual(['0002', '0003']);
    expect(await claimTask(under, { jobId, taskId: '0003' })).toMatchObject({ task: { window, round: 2 } });
    expect(await store.readTask(jobId, '0001')).not.toHaveProperty('window');
  });

  it('does not wait for the opening of the first', async () => {
    const { jobId } = await submitWindows([{ notBefore: under.in(500) }], { deadlineSeconds: 100 });
    under.pass(100);
    expect(await store.sweepJob(jobId)).toMatchObject({ finished: { status: 'timed_out' } });
    expect(ids(await store.release(await store.retry(jobId, 'me', { window: { notAfter: under.in(90) } })))).toEqual([
      '0001',
    ]);
  });

  it('closes over it as over the first, and is remembered by the next retry', async () => {
    const { jobId } = await closedJob();
    const window = { notAfter: under.in(100) };
    await store.retry(jobId, 'me', { window });
    under.pass(100);
    expect(await store.sweepJob(jobId)).toMatchObject({ finished: { round: 2, ended: { completed: 1, failed: 2 } } });
    expect(await store.readTask(jobId, '0003')).toMatchObject({ window, error: { code: 'window_closed' } });
    await store.retry(jobId, 'me');
    under.pass(60);
    expect(await store.sweepJob(jobId)).toMatchObject({ finished: { round: 3, ended: { completed: 1, failed: 2 } } });
  });
});
