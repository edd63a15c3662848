import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quotaKey } from '#shared/aws/table.ts';
import type { JobStore } from '#shared/job/store.ts';
import {
  aResult,
  claimTask,
  race,
  readJob,
  runJob,
  type StoreUnderTest,
  startStore,
  submitJob,
} from '#test/support/store-under-test.ts';

let under: StoreUnderTest;
let store: JobStore;
beforeAll(async () => {
  under = await startStore({ windowTasks: 150 });
  store = under.store;
});
afterAll(() => under.close());

const statuses = async (jobId: string) => (await store.readTasks(jobId)).map(({ status }) => status);

describe('cancel', () => {
  it('ends a job at once when nothing runs', async () => {
    const { jobId, job } = await submitJob(under, 3);
    const cancelled = await store.cancel(jobId, 'acme/ann');
    expect(cancelled).toEqual(await readJob(under, jobId));
    expect(cancelled).toMatchObject({
      status: 'cancelled',
      stopReason: 'cancel',
      stopAt: under.in(0),
      cancelRequestedAt: under.in(0),
      cancelRequestedBy: 'acme/ann',
      openCount: 0,
      live: 0,
      slots: 0,
      ended: { completed: 0, failed: 0, timedOut: 0, cancelled: 3 },
      summary: { verdict: 'no_verdict', uncovered: 3 },
    });
    expect(await statuses(jobId)).toEqual(['cancelled', 'cancelled', 'cancelled']);
    for (const task of await store.readTasks(jobId)) expect(task).not.toHaveProperty('checkAt');
    expect(await under.item(quotaKey(job.tenant))).toMatchObject({ activeJobs: 0, lent: 0 });
    expect((await store.readEvents(jobId)).map(({ from, to, by }) => [from, to, by])).toEqual([
      [null, 'queued', '111111111111/acme'],
      ['queued', 'cancelling', 'acme/ann'],
      ['cancelling', 'cancelled', 'acme/ann'],
    ]);
  });

  it('leaves what runs to its worker, whose partial result then counts', async () => {
    const { jobId, released } = await submitJob(under, 3);
    const { held } = await claimTask(under, released[1] as never);
    expect(await store.cancel(jobId, 'me')).toMatchObject({
      status: 'cancelling',
      openCount: 1,
      live: 1,
      ended: { cancelled: 2 },
    });
    expect(await statuses(jobId)).toEqual(['cancelled', 'running', 'cancelled']);
    expect(await store.peekJob(jobId)).toMatchObject({ status: 'cancelling', stopReason: 'cancel', round: 1 });
    expect(await store.heartbeat(held)).toBe(under.in(60));
    expect(await store.finish(held, { status: 'cancelled', result: aResult(2) })).toBe('finished');
    expect(await store.finalise(await readJob(under, jobId), 'w')).toMatchObject({
      status: 'cancelled',
      partialFindings: 2,
      findings: 0,
      ended: { cancelled: 3 },
    });
  });

  it('ends tasks that were never released, beyond one transaction', async () => {
    const { jobId } = await submitJob(under, 320);
    expect(await store.cancel(jobId, 'me')).toMatchObject({
      status: 'cancelled',
      ended: { cancelled: 320 },
      live: 0,
      openCount: 0,
    });
  });

  it('says the same again, and goes on where it was', async () => {
    const { jobId, released } = await submitJob(under, 2);
    const { held } = await claimTask(under, released[0] as never);
    const first = await store.cancel(jobId, 'me');
    expect(await store.cancel(jobId, 'other')).toEqual(first);
    await store.finish(held, { status: 'cancelled' });
    expect(await store.cancel(jobId, 'other')).toMatchObject({ status: 'cancelled', cancelRequestedBy: 'me' });
    expect(await store.cancel(jobId, 'other')).toMatchObject({ status: 'cancelled', cancelRequestedBy: 'me' });
  });

  it('refuses a job that ended otherwise, and one that is not there', async () => {
    const ended = await runJob(under, (await submitJob(under, 1)).released);
    await expect(store.cancel(ended.jobId, 'me')).rejects.toMatchObject({
      code: 'job_state',
      message: 'a completed job cannot cancel',
    });
    await expect(store.cancel('019a0000-0000-7000-8000-000000000000', 'me')).rejects.toMatchObject({
      code: 'job_not_found',
    });
  });

  it('meets a claim: either the walk ends the task or its worker sees the cancel', async () => {
    for (let n = 0; n < 10; n += 1) {
      const { jobId, released } = await submitJob(under, 1);
      const [claimed] = await race<unknown>(
        async () => {
          const claim = await store.claim(released[0] as never, 'w');
          return claim && (await readJob(under, jobId)).status;
        },
        () => store.cancel(jobId, 'me'),
      );
      const task = await store.readTask(jobId, '0001');
      const seen = claimed?.status === 'fulfilled' ? claimed.value : 'failed';
      if (task?.status === 'running') expect(['queued', 'cancelling']).toContain(seen);
      else expect([task?.status, seen]).toEqual(['cancelled', undefined]);
      expect(await readJob(under, jobId)).toMatchObject({
        status: task?.status === 'running' ? 'cancelling' : 'cancelled',
      });
    }
  });

  it('looks again when a task was claimed under its walk', async () => {
    const { jobId, released } = await submitJob(under, 2);
    under.failNext('TransactWriteItems', async () => undefined);
    under.failNext('TransactWriteItems', () => claimTask(under, released[0] as never));
    expect(await store.cancel(jobId, 'me')).toMatchObject({ status: 'cancelling', openCount: 1 });
    expect(await statuses(jobId)).toEqual(['running', 'cancelled']);
  });

  it('looks again when the job started under its hands, and records what it left', async () => {
    const { jobId, job } = await submitJob(under, 1);
    under.failNext('TransactWriteItems', () => store.start(job, 'w'));
    expect(await store.cancel(jobId, 'me')).toMatchObject({ status: 'cancelled' });
    expect((await store.readEvents(jobId)).map(({ from, to }) => [from, to])).toEqual([
      [null, 'queued'],
      ['queued', 'running'],
      ['running', 'cancelling'],
      ['cancelling', 'cancelled'],
    ]);
  });

  it.each([0, 1, 2])('is done once though the answer to its transaction %i is lost', async (at) => {
    const { jobId, job } = await submitJob(under, 2);
    for (let n = 0; n < at; n += 1) under.failNext('TransactWriteItems', async () => undefined);
    under.failNext('TransactWriteItems', 'lost_answer');
    expect(await store.cancel(jobId, 'me')).toMatchObject({
      status: 'cancelled',
      ended: { cancelled: 2 },
      openCount: 0,
    });
    expect(await under.item(quotaKey(job.tenant))).toMatchObject({ activeJobs: 0, lent: 0 });
    expect(await store.readEvents(jobId)).toHaveLength(3);
  });

  it('is accepted once the wish is stored, though the walk gets no answer', async () => {
    const { jobId } = await submitJob(under, 2);
    under.failNext('TransactWriteItems', async () => undefined);
    for (let n = 0; n < 10; n += 1) under.failNext('TransactWriteItems', 'throttle');
    expect(await store.cancel(jobId, 'me')).toMatchObject({ status: 'cancelling', cancelRequestedBy: 'me' });
    under.pass(60);
    expect(await store.sweepJob(jobId)).toMatchObject({ finished: { status: 'cancelled' }, actions: { stop: 1 } });
  });

  it('does not reach into the next round', async () => {
    const { jobId, released } = await submitJob(under, 1);
    under.failNext('TransactWriteItems', async () => {
      await runJob(under, released, 'failed');
      await store.retry(jobId, 'me');
      await runJob(under, await store.release(await readJob(under, jobId)));
    });
    await expect(store.cancel(jobId, 'late')).rejects.toMatchObject({ code: 'job_state' });
    expect(await readJob(under, jobId)).toMatchObject({ status: 'completed', round: 2 });
  });
});
