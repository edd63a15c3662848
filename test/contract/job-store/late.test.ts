/** Writes that were given up as unanswered and land all the same, when the world has moved on. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobKey, quotaKey } from '#shared/aws/table.ts';
import type { JobStore } from '#shared/job/store.ts';
import type { TaskRef } from '#shared/task/task.ts';
import { faultOf } from '#test/support/dynamodb-faults.ts';
import {
  aResult,
  claimTask,
  newJob,
  readJob,
  runJob,
  type StoreUnderTest,
  startStore,
  submitJob,
} from '#test/support/store-under-test.ts';

let under: StoreUnderTest;
let store: JobStore;
beforeAll(async () => {
  under = await startStore({ windowTasks: 6 });
  store = under.store;
});
afterAll(() => under.close());

/** The next such call gets no answer; what comes back lands it. */
function holdNext(operation: string): () => Promise<unknown> {
  let held: (() => Promise<unknown>) | undefined;
  under.failNext(operation, {
    instead: async (send) => {
      held = send;
      throw faultOf('silence', operation);
    },
  });
  return () => (held === undefined ? Promise.reject(new Error('nothing was sent')) : held());
}
const refused = { name: expect.stringMatching(/ConditionalCheckFailed|TransactionCanceled/) };
const failedOnce = async (tasks = 1) => {
  const { jobId, job, released } = await submitJob(under, tasks);
  await runJob(under, released, 'failed');
  return { jobId, tenant: job.tenant };
};

describe('what lands late', () => {
  it('brings no deleted job back', async () => {
    const job = newJob(under, 1);
    const land = holdNext('TransactWriteItems');
    const submitted = await store.submit(job, () => '{}');
    await runJob(under, submitted.outcome === 'created' ? submitted.released : []);
    await store.deleteJob(job.job.jobId);
    await expect(land()).rejects.toMatchObject(refused);
    expect(await store.readTasks(job.job.jobId)).toEqual([]);
    expect(await under.item(quotaKey(job.job.tenant))).toMatchObject({ activeJobs: 0, lent: 0 });
  });

  it('claims no task a second time', async () => {
    const { jobId, released } = await submitJob(under, 1);
    const land = holdNext('UpdateItem');
    const { held } = await claimTask(under, released[0] as TaskRef);
    await expect(land()).rejects.toMatchObject(refused);
    expect(await store.finish(held, { status: 'completed', result: aResult() })).toBe('finished');
    expect(await store.readTask(jobId, '0001')).toMatchObject({ attempt: 1 });
  });

  it('renews no lease that somebody else has', async () => {
    const { jobId, released } = await submitJob(under, 1);
    const one = await claimTask(under, released[0] as TaskRef);
    under.pass(15);
    const land = holdNext('UpdateItem');
    await store.heartbeat(one.held);
    await store.putBack(one.held, 'shutdown', 0);
    await claimTask(under, released[0] as TaskRef, 'worker-2');
    await expect(land()).rejects.toMatchObject(refused);
    expect(await store.readTask(jobId, '0001')).toMatchObject({ attempt: 2 });
  });

  it('counts no end twice', async () => {
    const { jobId, released } = await submitJob(under, 2);
    const { held } = await claimTask(under, released[0] as TaskRef);
    const land = holdNext('TransactWriteItems');
    await store.finish(held, { status: 'completed', result: aResult(2) });
    await expect(land()).rejects.toMatchObject(refused);
    expect(await readJob(under, jobId)).toMatchObject({ openCount: 1, findings: 2, ended: { completed: 1 } });
  });

  it('ends no job a second time', async () => {
    const { jobId, job, released } = await submitJob(under, 1);
    const { held } = await claimTask(under, released[0] as TaskRef);
    await store.finish(held, { status: 'failed' });
    const land = holdNext('TransactWriteItems');
    await store.finalise(await readJob(under, jobId), 'w');
    await runJob(under, await store.release(await store.retry(jobId, 'me')));
    await expect(land()).rejects.toMatchObject(refused);
    expect(await readJob(under, jobId)).toMatchObject({ status: 'completed', round: 2 });
    expect(await under.item(quotaKey(job.tenant))).toMatchObject({ activeJobs: 0, lent: 0 });
  });

  it('cancels nothing in the round after', async () => {
    const { jobId, released } = await submitJob(under, 1);
    const land = holdNext('TransactWriteItems');
    // Its second try never arrives either: the caller gives up.
    for (let tries = 0; tries < 9; tries += 1) under.failNext('TransactWriteItems', 'silence');
    await expect(store.cancel(jobId, 'me')).rejects.toMatchObject({ code: 'database_unavailable' });
    await runJob(under, released, 'failed');
    await store.retry(jobId, 'me');
    await expect(land()).rejects.toMatchObject(refused);
    expect(await readJob(under, jobId)).toMatchObject({ status: 'queued', round: 2, stopReason: 'none' });
  });

  it('retries no job twice', async () => {
    const { jobId, tenant } = await failedOnce();
    const land = holdNext('TransactWriteItems');
    await runJob(under, await store.release(await store.retry(jobId, 'me')), 'failed');
    await expect(land()).rejects.toMatchObject(refused);
    expect(await readJob(under, jobId)).toMatchObject({ status: 'failed', round: 2 });
    expect(await under.item(quotaKey(tenant))).toMatchObject({ activeJobs: 0, lent: 0 });
  });

  it('gives back no slots of the round after', async () => {
    const { jobId, job, released } = await submitJob(under, 6);
    const end = async (ref: TaskRef) => store.finish((await claimTask(under, ref)).held, { status: 'failed' });
    for (const ref of released.slice(0, 3)) await end(ref);
    const land = holdNext('TransactWriteItems');
    expect(await store.release(await readJob(under, jobId))).toEqual([]);
    for (const ref of released.slice(3)) await end(ref);
    await store.finalise(await readJob(under, jobId), 'w');
    await store.release(await store.retry(jobId, 'me'));
    const before = await readJob(under, jobId);
    expect(before).toMatchObject({ round: 2, slots: 6, live: 6, next: 6 });
    await expect(land()).rejects.toMatchObject(refused);
    expect(await readJob(under, jobId)).toEqual(before);
    expect(await under.item(quotaKey(job.tenant))).toMatchObject({ lent: 6 });
  });

  it('takes no job out of the index that runs again', async () => {
    const { jobId } = await failedOnce();
    const land = holdNext('UpdateItem');
    const ended = await readJob(under, jobId);
    await store.markSigned(ended);
    await store.retry(jobId, 'me');
    await expect(land()).rejects.toMatchObject(refused);
    expect(await under.item(jobKey(jobId))).toHaveProperty('checkShard');
  });
});
