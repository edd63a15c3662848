import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { budgetKey, jobKey, quotaKey } from '#shared/aws/table.ts';
import type { JobStore } from '#shared/job/store.ts';
import type { Limits } from '#shared/limits.ts';
import type { TaskRef } from '#shared/task/task.ts';
import {
  aResult,
  claimTask,
  newTenant,
  readJob,
  START,
  type StoreUnderTest,
  startStore,
  submitJob,
} from '#test/support/store-under-test.ts';

let under: StoreUnderTest;
let store: JobStore;
beforeAll(async () => {
  under = await startStore({ windowTasks: 4, dayBudgetUsd: 1_000e-9, ...PRICES });
  store = under.store;
});
afterAll(() => under.close());

/** An hour costs as many billionths of a dollar as it has milliseconds, so that a lost attempt is easily told. */
const PRICES: Partial<Limits> = { smallWorkerHourUsd: 0.0036, largeWorkerHourUsd: 0.0036 };

const used = (costNanoUsd: number) => ({ workerMs: 10 * costNanoUsd, storedBytes: 2 * costNanoUsd, costNanoUsd });
const today = () => under.in(0).slice(0, 10);
const spent = async (tenant: string) => (await under.item(budgetKey(tenant, today())))?.costNanoUsd ?? 0;
const ids = (refs: readonly TaskRef[]) => refs.map(({ taskId }) => taskId);

async function end(
  ref: Pick<TaskRef, 'jobId' | 'taskId'>,
  cost: number,
  status: 'completed' | 'failed' | 'cancelled' = 'completed',
) {
  const { held } = await claimTask(under, ref);
  expect(await store.finish(held, { status, result: aResult(1), used: used(cost) })).toBe('finished');
}

const sweepSoon = (jobId: string) => {
  under.pass(60);
  return store.sweepJob(jobId);
};

describe('the account of a job', () => {
  it('adds up what its tasks used as they end, in the write that ends them', async () => {
    const { jobId } = await submitJob(under, 3);
    expect(await readJob(under, jobId)).toMatchObject({ workerMs: 0, storedBytes: 0, costNanoUsd: 0 });
    const { held } = await claimTask(under, { jobId, taskId: '0001' });
    under.calls.length = 0;
    await store.finish(held, { status: 'completed', result: aResult(), used: used(7) });
    expect(under.calls.map(({ operation }) => operation)).toEqual(['TransactWriteItems']);
    await end({ jobId, taskId: '0002' }, 5, 'failed');
    expect(await readJob(under, jobId)).toMatchObject({ workerMs: 120, storedBytes: 24, costNanoUsd: 12 });
    expect(await store.readTask(jobId, '0001')).toMatchObject({ workerMs: 70, storedBytes: 14, costNanoUsd: 7 });
  });

  it('counts an end once, whose answer was lost', async () => {
    const { jobId } = await submitJob(under, 2);
    const { held } = await claimTask(under, { jobId, taskId: '0001' });
    under.failNext('TransactWriteItems', 'lost_answer');
    expect(await store.finish(held, { status: 'completed', result: aResult(), used: used(7) })).toBe('finished');
    expect(await readJob(under, jobId)).toMatchObject({ costNanoUsd: 7 });
  });

  it('counts runs before the last one too, once the task ends', async () => {
    const { jobId } = await submitJob(under, 2);
    const first = await claimTask(under, { jobId, taskId: '0001' });
    await store.putBack(first.held, 'shutdown', 0, undefined, used(3));
    expect(await readJob(under, jobId)).toMatchObject({ costNanoUsd: 0 });
    const second = await claimTask(under, { jobId, taskId: '0001' });
    await store.putBack(second.held, 'transient_failure', 0, undefined, used(4));
    await end({ jobId, taskId: '0001' }, 5);
    expect(await readJob(under, jobId)).toMatchObject({ workerMs: 120, costNanoUsd: 12 });
    expect(await store.readTask(jobId, '0001')).toMatchObject({ costNanoUsd: 12 });
  });

  it('counts of a lost run the time up to its last sign of life', async () => {
    const { jobId } = await submitJob(under, 2);
    const { held } = await claimTask(under, { jobId, taskId: '0001' });
    under.pass(15);
    await store.heartbeat(held);
    under.pass(61);
    await store.sweepJob(jobId);
    expect(await store.readTask(jobId, '0001')).toMatchObject({ status: 'queued', workerMs: 15_000 });
    under.pass(60);
    await end({ jobId, taskId: '0001' }, 5);
    expect(await readJob(under, jobId)).toMatchObject({ workerMs: 15_050 });
  });

  it('counts a task that was given up', async () => {
    const strict = under.withLimits({ maxFailures: 1 });
    const { jobId } = await submitJob(under, 1);
    const { held } = await claimTask(under, { jobId, taskId: '0001' });
    under.pass(20);
    await store.heartbeat(held);
    under.pass(61);
    expect(await strict.sweepJob(jobId)).toMatchObject({ actions: { exhaust: 1 }, finished: { workerMs: 20_000 } });
    expect(await store.readTask(jobId, '0001')).toMatchObject({ workerMs: 20_000 });
  });

  it('counts what a cancel takes from a worker that is gone', async () => {
    const { jobId } = await submitJob(under, 1);
    const { held } = await claimTask(under, { jobId, taskId: '0001' });
    under.pass(20);
    await store.heartbeat(held);
    await store.cancel(jobId, 'me');
    under.pass(61);
    expect(await store.sweepJob(jobId)).toMatchObject({ finished: { status: 'cancelled', workerMs: 20_000 } });
    expect(await store.readTask(jobId, '0001')).toMatchObject({ workerMs: 20_000 });
  });

  it('goes on over a retry, and the statistics count each round once', async () => {
    const { jobId, job } = await submitJob(under, 2);
    await end({ jobId, taskId: '0001' }, 10);
    await end({ jobId, taskId: '0002' }, 20, 'failed');
    await store.finalise(await readJob(under, jobId), 'w');
    const [released] = await store.release(await store.retry(jobId, 'me'));
    expect(released?.taskId).toBe('0002');
    expect(await store.readTask(jobId, '0002')).not.toHaveProperty('costNanoUsd');
    await end({ jobId, taskId: '0002' }, 40);
    expect(await store.finalise(await readJob(under, jobId), 'w')).toMatchObject({ costNanoUsd: 70, workerMs: 700 });
    const [day] = await store.readStats(job.tenant, START.slice(0, 10), today());
    expect(day?.figures).toMatchObject({ jobs: 2, costNanoUsd: 70, workerMs: 700, storedBytes: 140 });
    expect(await spent(job.tenant)).toBe(70);
  });

  it('of a job that an older version wrote begins at nothing', async () => {
    const { jobId, job } = await submitJob(under, 1);
    const none = { workerMs: undefined, storedBytes: undefined, costNanoUsd: undefined, toldNanoUsd: undefined };
    await under.edit(jobKey(jobId), none);
    expect(await readJob(under, jobId)).toMatchObject({ workerMs: 0, costNanoUsd: 0, toldNanoUsd: 0 });
    await end({ jobId, taskId: '0001' }, 10);
    expect(await store.finalise(await readJob(under, jobId), 'w')).toMatchObject({ costNanoUsd: 10 });
    expect(await spent(job.tenant)).toBe(10);
  });
});

describe("a job's cap, once reached", () => {
  const error = { code: 'budget_exhausted', retryable: true };

  it('releases nothing more, ends what has not begun, and keeps what was found', async () => {
    const { jobId, job, released } = await submitJob(under, 6, { maxCostNanoUsd: 100 });
    expect(ids(released)).toEqual(['0001', '0002', '0003', '0004']);
    const running = await claimTask(under, { jobId, taskId: '0002' });
    await end({ jobId, taskId: '0001' }, 100);
    expect(await store.release(await readJob(under, jobId))).toEqual([]);
    under.pass(59);
    const swept = await store.sweepJob(jobId);
    expect([ids(swept.send), swept.actions, swept.finished]).toEqual([[], { cap: 1 }, undefined]);
    for (const taskId of ['0003', '0004', '0005', '0006'])
      expect(await store.readTask(jobId, taskId)).toMatchObject({ status: 'failed', error, failures: 0, claims: [] });
    expect(await readJob(under, jobId)).toMatchObject({ openCount: 1, live: 1, ended: { completed: 1, failed: 4 } });

    await store.finish(running.held, { status: 'completed', result: aResult(2), used: used(50) });
    const ended = await store.finalise(await readJob(under, jobId), 'w');
    expect(ended).toMatchObject({
      status: 'failed',
      costNanoUsd: 150,
      findings: 3,
      summary: { verdict: 'incomplete', covered: 2, uncovered: 4 },
    });
    expect(await store.listDeadLetters(job.tenant, 10)).toEqual({ items: [] });
    expect(await under.item(quotaKey(job.tenant))).toMatchObject({ activeJobs: 0, lent: 0 });
  });

  it('leaves a task to the worker that has it, and takes it from one that died', async () => {
    const { jobId } = await submitJob(under, 2, { maxCostNanoUsd: 100 });
    await end({ jobId, taskId: '0001' }, 100);
    await claimTask(under, { jobId, taskId: '0002' });
    expect(await store.sweepJob(jobId)).toMatchObject({ actions: {} });
    under.pass(61);
    expect(await store.sweepJob(jobId)).toMatchObject({ actions: { cap: 1 }, finished: { status: 'failed' } });
    expect(await store.readTask(jobId, '0002')).toMatchObject({ error, claims: [{ why: 'lease_lost' }] });
  });

  it('in the moment of a claim leaves the task to its worker', async () => {
    const { jobId } = await submitJob(under, 2, { maxCostNanoUsd: 100 });
    await end({ jobId, taskId: '0001' }, 100);
    under.pass(60);
    let turns = 0;
    under.decideFaults(({ operation }) => {
      if (operation !== 'TransactWriteItems') return undefined;
      turns += 1;
      // The first one is the sweeper's turn, which tells the day what was spent.
      return turns === 2 ? () => claimTask(under, { jobId, taskId: '0002' }) : undefined;
    });
    expect(await store.sweepJob(jobId)).toMatchObject({ actions: { cap: 1 } });
    under.decideFaults(undefined);
    expect(await store.readTask(jobId, '0002')).toMatchObject({ status: 'running', attempt: 1 });
    expect(await readJob(under, jobId)).toMatchObject({ openCount: 1, live: 1, ended: { failed: 0 } });
  });

  it('in the moment of a cancel leaves the tasks to that', async () => {
    const { jobId } = await submitJob(under, 2, { maxCostNanoUsd: 100 });
    await end({ jobId, taskId: '0001' }, 100);
    under.pass(60);
    under.failNext('TransactWriteItems', () => store.cancel(jobId, 'me'));
    await store.sweepJob(jobId);
    expect(await readJob(under, jobId)).toMatchObject({ ended: { completed: 1, failed: 0, cancelled: 1 } });
  });

  it('is lifted by a retry with a higher one, which runs what did not begin', async () => {
    const { jobId } = await submitJob(under, 2, { maxCostNanoUsd: 100 });
    await end({ jobId, taskId: '0001' }, 100);
    await sweepSoon(jobId);
    await expect(store.retry(jobId, 'me')).rejects.toMatchObject({ code: 'budget_exhausted' });
    await expect(store.retry(jobId, 'me', { maxCostNanoUsd: 100 })).rejects.toThrow(
      'retry it with a higher maxCostUsd',
    );
    const again = await store.retry(jobId, 'me', { maxCostNanoUsd: 200 });
    expect(ids(await store.release(again))).toEqual(['0002']);
    await end({ jobId, taskId: '0002' }, 10);
    expect(await store.finalise(await readJob(under, jobId), 'w')).toMatchObject({
      status: 'completed',
      costNanoUsd: 110,
      maxCostNanoUsd: 200,
    });
  });
});

describe("a tenant's day", () => {
  it('is told by the sweeper what a job cost meanwhile, and the rest when it ends: each part once', async () => {
    const { jobId, job } = await submitJob(under, 3);
    await end({ jobId, taskId: '0001' }, 10);
    expect(await spent(job.tenant)).toBe(0);
    await sweepSoon(jobId);
    expect(await spent(job.tenant)).toBe(10);
    under.calls.length = 0;
    await sweepSoon(jobId);
    expect(under.calls.map(({ operation }) => operation)).not.toContain('TransactWriteItems');
    await end({ jobId, taskId: '0002' }, 20);
    await end({ jobId, taskId: '0003' }, 30);
    await store.finalise(await readJob(under, jobId), 'w');
    expect(await spent(job.tenant)).toBe(60);
    expect(await store.readSpent(job.tenant, today())).toBe(60);
  });

  it('is told once by two sweepers, and by a sweeper and the end of the job', async () => {
    const { jobId, job } = await submitJob(under, 1);
    await end({ jobId, taskId: '0001' }, 10);
    const seen = await readJob(under, jobId);
    under.pass(60);
    under.failNext('TransactWriteItems', () => store.sweepJob(jobId));
    await store.sweepJob(jobId);
    expect(await store.finalise(seen, 'w')).toMatchObject({ status: 'completed', toldNanoUsd: 10 });
    expect(await spent(job.tenant)).toBe(10);
  });

  it('told by the sweeper while a job is being ended, lets it end with what is left to tell', async () => {
    const { jobId, job } = await submitJob(under, 1);
    await end({ jobId, taskId: '0001' }, 10);
    const seen = await readJob(under, jobId);
    under.pass(60);
    under.failNext('TransactWriteItems', () => under.edit(jobKey(jobId), { toldNanoUsd: 4 }));
    expect(await store.finalise(seen, 'w')).toMatchObject({ status: 'completed', toldNanoUsd: 10 });
    expect(await spent(job.tenant)).toBe(6);
  });

  it('that is spent ends what has not begun of every job of the tenant, and of no other', async () => {
    const tenant = newTenant();
    const [first, second, other] = [
      await submitJob(under, 2, { tenant }),
      await submitJob(under, 2, { tenant }),
      await submitJob(under, 2),
    ];
    await end({ jobId: first.jobId, taskId: '0001' }, 999);
    await sweepSoon(first.jobId);
    expect(await sweepSoon(second.jobId)).toMatchObject({ actions: expect.not.objectContaining({ cap: 1 }) });
    await end({ jobId: first.jobId, taskId: '0002' }, 1);
    expect(await store.finalise(await readJob(under, first.jobId), 'w')).toMatchObject({ status: 'completed' });
    expect(await sweepSoon(second.jobId)).toMatchObject({ actions: { cap: 1 }, finished: { status: 'failed' } });
    expect(await store.readTask(second.jobId, '0001')).toMatchObject({
      error: { code: 'budget_exhausted', message: expect.stringContaining('of the day') },
    });
    expect((await sweepSoon(other.jobId)).actions).not.toHaveProperty('cap');
  });

  it('counts of a job at hand what it has not told yet', async () => {
    const { jobId } = await submitJob(under, 2);
    await end({ jobId, taskId: '0001' }, 1_000);
    expect(await sweepSoon(jobId)).toMatchObject({ actions: { cap: 1 }, finished: { status: 'failed' } });
  });

  it('refuses new jobs and retries until midnight, but not the repeat of a submit', async () => {
    const tenant = newTenant();
    const idempotency = { key: 'k', requestHash: 'h' };
    const { jobId } = await submitJob(under, 2, { tenant, idempotency });
    await end({ jobId, taskId: '0001' }, 1_000);
    await sweepSoon(jobId);
    const refused = { code: 'budget_exhausted', retryAfterSeconds: untilMidnight() };
    await expect(submitJob(under, 1, { tenant })).rejects.toMatchObject(refused);
    await expect(submitJob(under, 6, { tenant }, under.withLimits({}, 5))).rejects.toMatchObject(refused);
    await expect(store.retry(jobId, 'me')).rejects.toMatchObject(refused);
    for (const into of [store, under.withLimits({}, 5)])
      await expect(submitJob(under, 2, { tenant, idempotency }, into)).rejects.toThrow('the job is not new');
    under.pass(untilMidnight());
    expect(await spent(tenant)).toBe(0);
    expect(ids(await store.release(await store.retry(jobId, 'me')))).toEqual(['0002']);
    await submitJob(under, 1, { tenant });
  });

  it('is not counted where there is no cap', async () => {
    const free = under.withLimits({ dayBudgetUsd: Number.POSITIVE_INFINITY });
    const { jobId, job } = await submitJob(under, 2, {}, free);
    await end({ jobId, taskId: '0001' }, 5_000);
    under.pass(60);
    expect((await free.sweepJob(jobId)).actions).not.toHaveProperty('cap');
    expect(await free.readSpent(job.tenant, today())).toBeUndefined();
    expect(await spent(job.tenant)).toBe(0);
  });
});

const untilMidnight = () => (Date.parse(`${today()}T24:00:00.000Z`) - under.now().getTime()) / 1_000;
