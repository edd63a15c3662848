import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quotaKey } from '#shared/aws/table.ts';
import type { JobStore } from '#shared/job/store.ts';
import type { TaskRef } from '#shared/task/task.ts';
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
  under = await startStore({ windowTasks: 4 });
  store = under.store;
});
afterAll(() => under.close());

const ids = (refs: readonly TaskRef[]) => refs.map(({ taskId }) => taskId);
const NOTHING = { send: [], sendLater: [], actions: {} };

describe('dueJobs', () => {
  it('names open jobs whose time has come, the oldest first, out of all four partitions', async () => {
    under.pass(100_000);
    const jobs: string[] = [];
    for (let n = 0; n < 8; n += 1) {
      jobs.push((await submitJob(under, 1, { jobId: `019a0000-0000-7000-8000-00000000000${n}` })).jobId);
      under.pass(1);
    }
    const mine = async (limit: number) => (await store.dueJobs(limit)).filter((id) => jobs.includes(id));
    expect(await mine(100)).toEqual([]);
    under.pass(48);
    expect(await mine(100)).toEqual(jobs.slice(0, 3));
    under.pass(10);
    expect(await mine(100)).toEqual(jobs);
    expect(await store.dueJobs(2)).toHaveLength(2);
  });
});

describe('sweepJob', () => {
  it('has nothing to do for a job that is not there, or whose evidence is signed', async () => {
    expect(await store.sweepJob('019a0000-0000-7000-8000-0000000000ff')).toEqual(NOTHING);
    const ended = await runJob(under, (await submitJob(under, 1)).released);
    await store.markSigned(ended);
    expect(await store.sweepJob(ended.jobId)).toEqual(NOTHING);
  });

  it('comes back within the minute', async () => {
    const { jobId } = await submitJob(under, 1);
    under.pass(54);
    expect(await store.sweepJob(jobId)).toEqual(NOTHING);
    expect(await readJob(under, jobId)).toMatchObject({ checkAt: under.in(54) });
  });

  it('hands out an end that nobody announced, until its evidence is signed', async () => {
    const ended = await runJob(under, (await submitJob(under, 1)).released);
    for (let n = 0; n < 2; n += 1)
      expect(await store.sweepJob(ended.jobId)).toEqual({ ...NOTHING, finished: ended, actions: { announce: 1 } });
    await store.markSigned(ended);
    expect(await store.sweepJob(ended.jobId)).toEqual(NOTHING);
  });

  it('sends again what may be lost, at first each minute, then less and less often', async () => {
    const { jobId } = await submitJob(under, 1);
    const sentAfter = [];
    for (let minute = 1; minute <= 70; minute += 1) {
      under.pass(60);
      if ((await store.sweepJob(jobId)).send.length > 0) sentAfter.push(minute);
    }
    // Doubling up to 16 minutes. The deadline ends it after an hour.
    expect(sentAfter).toEqual([1, 2, 4, 8, 16, 32, 48]);
  });

  it('gives a task of a dead worker to another one, after a while', async () => {
    const { jobId } = await submitJob(under, 1);
    const { held } = await claimTask(under, { jobId, taskId: '0001' });
    under.pass(60);
    const swept = await store.sweepJob(jobId);
    expect(swept).toMatchObject({
      send: [],
      sendLater: [{ ref: { taskId: '0001' }, delaySeconds: 0 }],
      actions: { lose: 1 },
    });
    expect(await store.readTask(jobId, '0001')).toMatchObject({
      status: 'queued',
      failures: 1,
      attempt: 1,
      notBefore: under.in(0),
      checkAt: under.in(60),
      error: { code: 'lease_lost' },
      claims: [{ attempt: 1, worker: 'worker-1', why: 'lease_lost', endedAt: under.in(0) }],
    });
    expect(await store.heartbeat(held)).toBeUndefined();
    expect(await store.finish(held, { status: 'completed', result: aResult() })).toBe('superseded');
    expect(await claimTask(under, { jobId, taskId: '0001' })).toMatchObject({ held: { attempt: 2 } });
  });

  it('leaves a worker alone that renewed its lease meanwhile', async () => {
    const { jobId } = await submitJob(under, 1);
    const { held } = await claimTask(under, { jobId, taskId: '0001' });
    under.pass(60);
    // The first write is the sweeper's turn, the second would take the task.
    under.failNext('UpdateItem', async () => undefined);
    under.failNext('UpdateItem', () => store.heartbeat(held));
    expect(await store.sweepJob(jobId)).toMatchObject({ sendLater: [] });
    expect(await store.readTask(jobId, '0001')).toMatchObject({ status: 'running', failures: 0 });
  });

  it('makes a dead letter of a task that was lost three times, and ends the job', async () => {
    const { jobId, job } = await submitJob(under, 1);
    let last = {};
    for (let n = 0; n < 3; n += 1) {
      await claimTask(under, { jobId, taskId: '0001' });
      under.pass(60);
      last = await store.sweepJob(jobId);
    }
    expect(last).toMatchObject({
      actions: { exhaust: 1 },
      finished: { jobId, status: 'failed', ended: { failed: 1 } },
    });
    expect(await store.readTask(jobId, '0001')).toMatchObject({
      status: 'failed',
      attempt: 3,
      failures: 3,
      deadLetteredAt: under.in(0),
      error: { code: 'lease_lost' },
    });
    expect(await under.item(quotaKey(job.tenant))).toMatchObject({ activeJobs: 0, lent: 0 });
  });

  it('releases what nobody released, and ends what nobody ended', async () => {
    const { jobId, released } = await submitJob(under, 5);
    const claimed = await Promise.all(released.map((ref) => claimTask(under, ref)));
    for (const { held } of claimed) await store.finish(held, { status: 'completed', result: aResult() });
    under.pass(54);
    const swept = await store.sweepJob(jobId);
    expect([ids(swept.send), swept.actions]).toEqual([['0005'], { release: 1 }]);
    const last = await claimTask(under, swept.send[0] as TaskRef);
    await store.finish(last.held, { status: 'completed', result: aResult() });
    under.pass(54);
    expect(await store.sweepJob(jobId)).toMatchObject({ finished: { status: 'completed' }, actions: { finalise: 1 } });
  });

  it('offers the slots of a job that it ended to the next', async () => {
    const { jobId, job, released } = await submitJob(under, 4);
    const next = await submitJob(under, 3, { tenant: job.tenant });
    for (const ref of released) {
      const { held } = await claimTask(under, ref);
      await store.finish(held, { status: 'completed', result: aResult() });
    }
    under.pass(54);
    const { send } = await store.sweepJob(jobId);
    expect(send.map((ref) => [ref.jobId, ref.taskId])).toEqual([
      [next.jobId, '0002'],
      [next.jobId, '0003'],
    ]);
  });

  it('stops a job at its deadline, keeping what has ended', async () => {
    const { jobId, released } = await submitJob(under, 6, { deadlineSeconds: 100 });
    const one = await claimTask(under, released[0] as TaskRef);
    await store.finish(one.held, { status: 'completed', result: aResult() });
    const two = await claimTask(under, released[1] as TaskRef);
    under.pass(50);
    await store.heartbeat(two.held);
    under.pass(50);
    expect((await store.sweepJob(jobId)).actions).toEqual({ expire: 1 });
    expect(await readJob(under, jobId)).toMatchObject({
      status: 'cancelling',
      stopReason: 'deadline',
      stopAt: under.in(0),
      openCount: 1,
      ended: { completed: 1, timedOut: 4 },
    });
    expect(await store.finish(two.held, { status: 'timed_out', result: aResult(1) })).toBe('finished');
    expect(await store.finalise(await readJob(under, jobId), 'w')).toMatchObject({
      status: 'timed_out',
      partialFindings: 1,
    });
  });

  it('is at its deadline whatever the job has ended with', async () => {
    const { jobId } = await submitJob(under, 1, { deadlineSeconds: 100 });
    under.pass(100);
    expect(await store.sweepJob(jobId)).toMatchObject({
      finished: { status: 'timed_out', ended: { timedOut: 1 } },
      actions: { expire: 1 },
    });
    expect((await store.readEvents(jobId)).map(({ to, why }) => [to, why])).toEqual([
      ['queued', 'submitted'],
      ['cancelling', 'its deadline has passed'],
      ['timed_out', 'every task has ended after the deadline'],
    ]);
  });

  it('ends for a stopped job what its dead worker cannot', async () => {
    const { jobId, released } = await submitJob(under, 1);
    await claimTask(under, released[0] as TaskRef);
    await store.cancel(jobId, 'me');
    under.pass(59);
    expect(await store.sweepJob(jobId)).toMatchObject({ actions: {} });
    under.pass(1);
    expect(await store.sweepJob(jobId)).toMatchObject({ finished: { status: 'cancelled' }, actions: { stop: 1 } });
    expect(await store.readTask(jobId, '0001')).toMatchObject({
      status: 'cancelled',
      failures: 0,
      claims: [{ why: 'lease_lost' }],
    });
  });

  it('ends it after two leases though the worker goes on', async () => {
    const { jobId, released } = await submitJob(under, 1);
    const { held } = await claimTask(under, released[0] as TaskRef);
    await store.cancel(jobId, 'me');
    const seen = [];
    for (let n = 0; n < 9; n += 1) {
      under.pass(15);
      await store.heartbeat(held);
      seen.push((await store.sweepJob(jobId)).finished?.status);
    }
    expect(seen.indexOf('cancelled')).toBe(8);
    expect(await store.heartbeat(held)).toBeUndefined();
    expect(await store.finish(held, { status: 'cancelled' })).toBe('superseded');
    expect(await store.readTask(jobId, '0001')).toMatchObject({ claims: [{ why: 'did_not_stop' }] });
  });

  it('is done by one of two sweepers', async () => {
    const { jobId } = await submitJob(under, 2);
    under.pass(60);
    const both = await race(
      () => store.sweepJob(jobId),
      () => store.sweepJob(jobId),
    );
    const sent = both.map((settled) => (settled.status === 'fulfilled' ? settled.value.send.length : -1));
    expect(sent.sort()).toEqual([0, 2]);
  });

  it('leaves a message that somebody else has sent again', async () => {
    const { jobId, released } = await submitJob(under, 1);
    under.pass(60);
    under.failNext('UpdateItem', async () => undefined);
    under.failNext('UpdateItem', () => claimTask(under, released[0] as TaskRef));
    expect(await store.sweepJob(jobId)).toMatchObject({ send: [], actions: { resend: 1 } });
  });
});
