import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobKey, quotaKey, statsKey, taskKey } from '#shared/aws/table.ts';
import type { JobStore, TaskEnd } from '#shared/job/store.ts';
import type { TaskRef } from '#shared/task/task.ts';
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
  under = await startStore();
  store = under.store;
});
afterAll(() => under.close());

const FAILED: TaskEnd = {
  status: 'failed',
  result: aResult(5),
  error: { code: 'exit', message: 'no', retryable: true },
  deadLettered: true,
};
const end = async (ref: TaskRef | undefined, how: TaskEnd) => {
  const { held } = await claimTask(under, ref as TaskRef);
  await store.finish(held, how);
};
/** Task 1 completed with 2 findings, task 2 failed with 5, task 3 completed with 2. */
const failedJob = async (changes: Parameters<typeof submitJob>[2] = {}) => {
  const { jobId, released } = await submitJob(under, 3, changes);
  await end(released[0], { status: 'completed', result: aResult(2) });
  await end(released[1], FAILED);
  await end(released[2], { status: 'completed', result: aResult(2) });
  const job = await store.finalise(await readJob(under, jobId), 'w');
  return { jobId, job, released };
};

describe('retry', () => {
  it('opens the next round for what did not complete', async () => {
    const { jobId, job } = await failedJob();
    under.pass(1_000);
    const again = await store.retry(jobId, 'acme/ann');
    expect(again).toEqual(await readJob(under, jobId));
    expect(again).toMatchObject({
      status: 'queued',
      round: 2,
      stopReason: 'none',
      deadlineAt: under.in(3_600),
      checkAt: under.in(54),
      openCount: 1,
      ended: { completed: 2, failed: 0, timedOut: 0, cancelled: 0 },
      findings: 4,
      partialFindings: 0,
      slots: 0,
      live: 0,
      next: 0,
      lastExpiryEpochSeconds: job?.lastExpiryEpochSeconds,
    });
    for (const gone of ['summary', 'finishedAt', 'expiresAtEpochSeconds', 'stopAt'])
      expect(again).not.toHaveProperty(gone);
    expect(await store.dueJobs(1_000)).not.toContain(jobId);
    expect(await under.item(quotaKey(again.tenant))).toMatchObject({ activeJobs: 1, lent: 0 });
    expect((await store.readEvents(jobId)).at(-1)).toMatchObject({ from: 'failed', to: 'queued', by: 'acme/ann' });
  });

  it('releases only those tasks, from the beginning but for the attempts', async () => {
    const { jobId } = await failedJob();
    const released = await store.release(await store.retry(jobId, 'me'));
    expect(released.map(({ taskId }) => taskId)).toEqual(['0002']);
    const task = await store.readTask(jobId, '0002');
    expect(task).toMatchObject({
      status: 'queued',
      round: 2,
      attempt: 1,
      failures: 0,
      resends: 0,
      notBefore: under.in(0),
    });
    for (const gone of ['result', 'error', 'startedAt', 'endedAt', 'leaseOwner', 'deadLetteredAt'])
      expect(task).not.toHaveProperty(gone);
    const ended = await runJob(under, released);
    expect(ended).toMatchObject({
      status: 'completed',
      round: 2,
      ended: { completed: 3 },
      findings: 5,
      partialFindings: 0,
    });
    expect(await store.readTask(jobId, '0002')).toMatchObject({ attempt: 2 });
    expect(await under.item(quotaKey(ended.tenant))).toMatchObject({ activeJobs: 0, lent: 0 });
  });

  it('runs a large job again that failed altogether', async () => {
    const { jobId, released } = await submitJob(under, 130);
    let refs: readonly TaskRef[] = released;
    while (refs.length > 0) {
      for (const ref of refs) await end(ref, FAILED);
      refs = await store.release(await readJob(under, jobId), 'now');
    }
    await store.finalise(await readJob(under, jobId), 'w');
    expect(await store.release(await store.retry(jobId, 'me'))).toHaveLength(100);
    expect(await readJob(under, jobId)).toMatchObject({ openCount: 130, live: 100, next: 100, slots: 100 });
  });

  it('keeps the history in order, though it all happened in the same millisecond', async () => {
    const { jobId } = await failedJob();
    await store.start(await store.retry(jobId, 'me'), 'w');
    expect((await store.readEvents(jobId)).map(({ from, to }) => [from, to])).toEqual([
      [null, 'queued'],
      ['queued', 'failed'],
      ['failed', 'queued'],
      ['queued', 'running'],
    ]);
  });

  it('counts a completed task in the statistics of one round only', async () => {
    const tenant = newTenant();
    const { jobId } = await failedJob({ tenant });
    await runJob(under, await store.release(await store.retry(jobId, 'me')));
    const day = under.in(0).slice(0, 10);
    expect(await under.item(statsKey(tenant, day, 'nmap'))).toMatchObject({
      jobs: 2,
      nCompleted: 3,
      nFailed: 1,
      findings: 2 + 5 + 2 + 1,
    });
  });

  it('happens once when two ask for it, and both are told so', async () => {
    const { jobId } = await failedJob();
    under.failNext('TransactWriteItems', () => store.retry(jobId, 'first'));
    expect(await store.retry(jobId, 'second')).toMatchObject({ status: 'queued', round: 2 });
    const job = await readJob(under, jobId);
    expect(job.round).toBe(2);
    expect(await under.item(quotaKey(job.tenant))).toMatchObject({ activeJobs: 1 });
    expect((await store.readEvents(jobId)).at(-1)).toMatchObject({ by: 'first' });
  });

  it('happens once when its answer is lost', async () => {
    const { jobId } = await failedJob();
    under.failNext('TransactWriteItems', 'lost_answer');
    expect(await store.retry(jobId, 'me')).toMatchObject({ round: 2, status: 'queued' });
    expect(await under.item(quotaKey((await readJob(under, jobId)).tenant))).toMatchObject({ activeJobs: 1 });
  });

  it.each(['completed', 'open', 'cancelled'] as const)('refuses a job that is %s', async (state) => {
    const { jobId, released } = await submitJob(under, 1);
    if (state === 'completed') await runJob(under, released);
    if (state === 'cancelled') await store.cancel(jobId, 'me');
    await expect(store.retry(jobId, 'me')).rejects.toMatchObject({ code: 'job_state' });
  });

  it('refuses a job that is not there, or has expired', async () => {
    await expect(store.retry('019a0000-0000-7000-8000-000000000000', 'me')).rejects.toMatchObject({
      code: 'job_not_found',
    });
    const { jobId } = await failedJob();
    under.pass(604_800);
    await expect(store.retry(jobId, 'me')).rejects.toMatchObject({ code: 'job_not_found' });
  });

  it('refuses when the tenant has as many jobs as it may', async () => {
    const { jobId, job } = await failedJob();
    const tenant = job?.tenant ?? '';
    const narrow = under.withLimits({ quotaJobs: 1 });
    await submitJob(under, 1, { tenant }, narrow);
    await expect(narrow.retry(jobId, 'me')).rejects.toMatchObject({ code: 'quota_exceeded' });
    expect(await readJob(under, jobId)).toMatchObject({ status: 'failed', round: 1 });
  });

  it('is refused once the records would expire before the new deadline', async () => {
    const { jobId, job } = await failedJob();
    const left = (job?.lastExpiryEpochSeconds ?? 0) - under.now().getTime() / 1000;
    await under.edit(jobKey(jobId), { expiresAtEpochSeconds: job?.lastExpiryEpochSeconds });
    under.pass(left - 3_600 + 1);
    await expect(store.retry(jobId, 'me')).rejects.toThrow('too old to be retried');
    under.pass(-1);
    expect(await store.retry(jobId, 'me')).toMatchObject({ round: 2 });
  });

  it('cancels, in its round, what a cancel meets', async () => {
    const { jobId } = await failedJob();
    await store.retry(jobId, 'me');
    expect(await store.cancel(jobId, 'me')).toMatchObject({
      status: 'cancelled',
      round: 2,
      ended: { completed: 2, cancelled: 1 },
      partialFindings: 0,
    });
    const task = await store.readTask(jobId, '0002');
    expect(task).toMatchObject({ status: 'cancelled', round: 2, attempt: 1 });
    for (const gone of ['result', 'error', 'startedAt', 'deadLetteredAt']) expect(task).not.toHaveProperty(gone);
  });
});

describe('deleteJob', () => {
  it('removes everything but a mark, which expires after a day', async () => {
    const { jobId, job } = await failedJob({ project: 'shop' });
    const tenant = job?.tenant ?? '';
    await store.deleteJob(jobId);
    expect(await store.readJob(jobId)).toBeUndefined();
    expect(await store.peekJob(jobId)).toBeUndefined();
    expect(await store.readSpec(jobId)).toBeUndefined();
    expect(await store.readTasks(jobId)).toEqual([]);
    expect(await store.readEvents(jobId)).toEqual([]);
    expect(await store.dueJobs(1_000)).not.toContain(jobId);
    for (const filter of [{}, { status: 'failed' }, { project: 'shop' }, { target: '203.0.113.7' }] as const)
      expect(await store.listJobs({ tenant, ...filter }, 10)).toEqual({ items: [] });
    expect(await under.item(jobKey(jobId))).toMatchObject({
      status: 'deleted',
      expiresAtEpochSeconds: Date.parse(under.in(86_400)) / 1000,
    });
    expect(await under.item(taskKey(jobId, '0001'))).toBeUndefined();
  });

  it('removes more than one batch, asking again for what was not done', async () => {
    const { jobId } = await submitJob(under, 60);
    await store.cancel(jobId, 'me');
    for (const fault of ['partial', 'throttle', 'partial'] as const) under.failNext('BatchWriteItem', fault);
    await store.deleteJob(jobId);
    expect(await store.readTasks(jobId)).toEqual([]);
  });

  it('can be repeated by who knows the tenant, and then finishes what was left', async () => {
    const { jobId, job } = await failedJob();
    expect(await store.readTenant(jobId)).toBe(job?.tenant);
    await store.deleteJob(jobId);
    expect(await store.readTenant(jobId)).toBe(job?.tenant);
    await under.edit(taskKey(jobId, '0001'), { schemaVersion: 1 });
    await store.deleteJob(jobId);
    expect(await under.item(taskKey(jobId, '0001'))).toBeUndefined();
    under.pass(86_400);
    expect(await store.readTenant(jobId)).toBeUndefined();
    await expect(store.deleteJob(jobId)).rejects.toMatchObject({ code: 'job_not_found' });
  });

  it('refuses an open job, and one that is not there', async () => {
    const { jobId } = await submitJob(under, 1);
    await expect(store.deleteJob(jobId)).rejects.toMatchObject({ code: 'job_state' });
    expect(await readJob(under, jobId)).toMatchObject({ status: 'queued' });
    await expect(store.deleteJob('019a0000-0000-7000-8000-000000000000')).rejects.toMatchObject({
      code: 'job_not_found',
    });
  });

  it('refuses a job that was retried meanwhile', async () => {
    const { jobId } = await failedJob();
    under.failNext('UpdateItem', () => store.retry(jobId, 'me'));
    await expect(store.deleteJob(jobId)).rejects.toMatchObject({ code: 'job_state' });
    expect(await store.readTasks(jobId)).toHaveLength(3);
  });

  it('refuses a job that was retried and failed again meanwhile: it is another one than was looked at', async () => {
    const { jobId } = await failedJob();
    under.failNext('UpdateItem', async () => {
      const released = await store.release(await store.retry(jobId, 'me'));
      await runJob(under, released, 'failed');
    });
    await expect(store.deleteJob(jobId)).rejects.toMatchObject({ code: 'job_state' });
    expect(await readJob(under, jobId)).toMatchObject({ status: 'failed', round: 2 });
  });

  it('goes on when its answer is lost', async () => {
    const { jobId } = await failedJob();
    under.failNext('UpdateItem', 'lost_answer');
    await store.deleteJob(jobId);
    expect(await store.readTasks(jobId)).toEqual([]);
  });
});
