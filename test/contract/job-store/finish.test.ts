import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobKey, quotaKey, statsKey } from '#shared/aws/table.ts';
import type { Job } from '#shared/job/job.ts';
import type { JobStore, TaskEnd } from '#shared/job/store.ts';
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
beforeAll(async () => {
  under = await startStore();
  store = under.store;
});
afterAll(() => under.close());

const COMPLETED: TaskEnd = { status: 'completed', result: aResult(3) };
const held = async (tasks = 1) => {
  const { jobId, released } = await submitJob(under, tasks);
  const { held } = await claimTask(under, released[0] as never);
  return { jobId, held, released };
};
const END = { none: { completed: 0, failed: 0, timedOut: 0, cancelled: 0 } };

describe('finish', () => {
  it.each([
    { end: COMPLETED, ended: { completed: 1 }, findings: 3, partialFindings: 0, why: 'completed' },
    {
      end: { status: 'failed', error: { code: 'exit', message: 'code 1', retryable: false } },
      ended: { failed: 1 },
      findings: 0,
      partialFindings: 0,
      why: 'exit',
    },
    {
      end: { status: 'timed_out', result: aResult(2) },
      ended: { timedOut: 1 },
      findings: 0,
      partialFindings: 2,
      why: 'timed_out',
    },
    {
      end: { status: 'cancelled', result: aResult(1) },
      ended: { cancelled: 1 },
      findings: 0,
      partialFindings: 1,
      why: 'cancelled',
    },
  ] as const)('ends a task as $end.status and counts it', async ({ end, ended, findings, partialFindings, why }) => {
    const { jobId, held: mine } = await held(2);
    under.pass(7);
    expect(await store.finish(mine, end)).toBe('finished');
    expect(await readJob(under, jobId)).toMatchObject({
      openCount: 1,
      live: 1,
      slots: 2,
      ended: { ...END.none, ...ended },
      findings,
      partialFindings,
    });
    const task = await store.readTask(jobId, '0001');
    expect(task).toMatchObject({ ...end, endedAt: under.in(0), leaseOwner: mine.owner });
    expect(task?.claims).toEqual([{ attempt: 1, worker: 'worker-1', at: under.in(-7), endedAt: under.in(0), why }]);
    for (const gone of ['checkAt', 'leaseExpiresAt', 'notBefore']) expect(task).not.toHaveProperty(gone);
  });

  it('marks a dead letter', async () => {
    const { jobId, held: mine } = await held();
    await store.finish(mine, {
      status: 'failed',
      error: { code: 'exit', message: 'no', retryable: true },
      deadLettered: true,
    });
    expect(await store.readTask(jobId, '0001')).toMatchObject({ status: 'failed', deadLetteredAt: under.in(0) });
  });

  it('counts once, however often it is asked and whichever answers are lost', async () => {
    const { jobId, held: mine } = await held();
    under.failNext('TransactWriteItems', 'lost_answer');
    expect(await store.finish(mine, COMPLETED)).toBe('finished');
    expect(await store.finish(mine, COMPLETED)).toBe('finished');
    expect(await readJob(under, jobId)).toMatchObject({ openCount: 0, live: 0, findings: 3, ended: { completed: 1 } });
  });

  it.each(['throttle', 'conflict', 'error', 'silence', 'remembered'] as const)(
    'is tried again after %s',
    async (fault) => {
      const { jobId, held: mine } = await held();
      under.failNext('TransactWriteItems', fault);
      expect(await store.finish(mine, COMPLETED)).toBe('finished');
      expect(await readJob(under, jobId)).toMatchObject({ openCount: 0, findings: 3 });
    },
  );

  it('is superseded once another attempt has the task', async () => {
    const { jobId, held: mine } = await held();
    await store.putBack(mine, 'shutdown', 0);
    expect(await store.finish(mine, COMPLETED)).toBe('superseded');
    const other = await claimTask(under, { jobId, taskId: '0001' }, 'worker-1');
    expect(await store.finish(mine, COMPLETED)).toBe('superseded');
    expect(await store.finish(other.held, COMPLETED)).toBe('finished');
    expect(await store.finish(mine, COMPLETED)).toBe('superseded');
    expect(await readJob(under, jobId)).toMatchObject({ openCount: 0, findings: 3 });
  });

  it('lets many tasks of a job end at once', async () => {
    const { jobId, released } = await submitJob(under, 12);
    const claimed = await Promise.all(released.map((ref) => claimTask(under, ref)));
    await Promise.all(claimed.map(({ held: mine }) => store.finish(mine, COMPLETED)));
    expect(await readJob(under, jobId)).toMatchObject({
      openCount: 0,
      live: 0,
      findings: 36,
      ended: { completed: 12 },
    });
  });

  it('drops what belongs to another job', async () => {
    const { jobId, held: mine } = await held();
    const other = await runJob(under, (await submitJob(under, 1)).released);
    expect(await store.finish({ ...mine, jobId: other.jobId }, COMPLETED)).toBe('superseded');
    expect(await readJob(under, jobId)).toMatchObject({ openCount: 1 });
  });

  it('says so when the job of a held task is not open, which cannot be', async () => {
    const { jobId, held: mine } = await held();
    await under.edit(jobKey(jobId), { status: 'completed' });
    await expect(store.finish(mine, COMPLETED)).rejects.toMatchObject({ code: 'job_not_open' });
    expect(await store.readTask(jobId, '0001')).toMatchObject({ status: 'running' });
  });
});

describe('finalise', () => {
  it('waits while tasks are open', async () => {
    const { jobId, held: mine } = await held(2);
    await store.finish(mine, COMPLETED);
    expect(await store.finalise(await readJob(under, jobId), 'worker/1')).toBeUndefined();
  });

  it('ends the job with its summary, gives back what it was lent and leaves it to be announced', async () => {
    const { jobId, job, released } = await submitJob(under, 2);
    under.pass(60);
    const ended = await runJob(under, released);
    expect(ended).toEqual(await readJob(under, jobId));
    expect(ended).toMatchObject({
      status: 'completed',
      finishedAt: under.in(0),
      checkAt: under.in(0),
      slots: 0,
      live: 0,
      findings: 2,
      summary: {
        verdict: 'clean',
        covered: 2,
        uncovered: 0,
        bySeverity: { critical: 0, high: 0, medium: 0, low: 0, info: 2 },
      },
      expiresAtEpochSeconds: Date.parse(under.in(604_800)) / 1000,
    });
    expect(await under.item(quotaKey(job.tenant))).toMatchObject({ activeJobs: 0, lent: 0 });
    expect((await store.readEvents(jobId)).at(-1)).toEqual({
      at: under.in(0),
      by: 'worker/1',
      from: 'queued',
      to: 'completed',
      why: 'every task has ended',
    });
  });

  it.each([
    { ends: ['completed', 'completed'], status: 'completed' },
    { ends: ['completed', 'failed'], status: 'failed' },
    { ends: ['timed_out', 'completed'], status: 'timed_out' },
    { ends: ['timed_out', 'failed'], status: 'failed' },
  ] as const)('makes of $ends a job that is $status', async ({ ends, status }) => {
    const { jobId, released } = await submitJob(under, 2);
    for (const [at, ref] of released.entries()) {
      const claimed = await claimTask(under, ref);
      await store.finish(claimed.held, { status: ends[at] ?? 'completed', result: aResult() });
    }
    expect(await store.finalise(await readJob(under, jobId), 'w')).toMatchObject({ status });
  });

  it('is done by one of two, and both know the end', async () => {
    const { jobId, held: mine } = await held();
    await store.finish(mine, COMPLETED);
    const seen = await readJob(under, jobId);
    const both = await race(
      () => store.finalise(seen, 'worker/1'),
      () => store.finalise(seen, 'worker/2'),
    );
    for (const settled of both)
      expect(settled).toMatchObject({ status: 'fulfilled', value: { status: 'completed', jobId } });
    expect(await under.item(quotaKey(seen.tenant))).toMatchObject({ activeJobs: 0, lent: 0 });
    expect((await store.readEvents(jobId)).filter(({ to }) => to === 'completed')).toHaveLength(1);
  });

  it('is done once when its answer is lost', async () => {
    const { jobId, held: mine } = await held();
    await store.finish(mine, COMPLETED);
    const seen = await readJob(under, jobId);
    under.failNext('TransactWriteItems', 'lost_answer');
    expect(await store.finalise(seen, 'w')).toMatchObject({ status: 'completed' });
    expect(await under.item(quotaKey(seen.tenant))).toMatchObject({ activeJobs: 0, lent: 0 });
  });

  it('goes on when the job began to stop meanwhile', async () => {
    const { jobId, held: mine } = await held();
    await store.finish(mine, COMPLETED);
    const seen = await readJob(under, jobId);
    under.failNext('TransactWriteItems', () => store.cancel(jobId, 'me'));
    expect(await store.finalise(seen, 'w')).toMatchObject({ status: 'cancelled', stopReason: 'cancel' });
  });

  it('adds to the statistics of the day, by scanner, in the same transaction', async () => {
    const tenant = newTenant();
    const day = under.in(0).slice(0, 10);
    const first = await submitJob(under, 2, { tenant });
    for (const ref of first.released) {
      const claimed = await claimTask(under, ref);
      under.pass(1.5);
      await store.finish(claimed.held, COMPLETED);
    }
    await store.finalise(await readJob(under, first.jobId), 'w');
    await runJob(under, (await submitJob(under, 1, { tenant })).released, 'failed');
    expect(await under.item(statsKey(tenant, day, 'nmap'))).toMatchObject({
      jobs: 2,
      nCompleted: 2,
      nFailed: 1,
      nTimedOut: 0,
      nCancelled: 0,
      findings: 6,
      durationMs: 3_000,
    });
  });
});

describe('an announced end', () => {
  it('is announced again, later and later, for as long as nobody signs', async () => {
    const { jobId } = await runJob(under, (await submitJob(under, 1)).released);
    const waits = [];
    for (let times = 1; times <= 6; times += 1) {
      const { finished } = await store.sweepJob(jobId);
      await store.markAnnounced(finished as Job);
      const { checkAt = '' } = await readJob(under, jobId);
      waits.push((Date.parse(checkAt) - under.now().getTime()) / 1_000);
    }
    expect(waits).toEqual([60, 120, 240, 480, 960, 960]);
    expect(await store.dueJobs(1_000)).not.toContain(jobId);
    under.pass(960);
    expect(await store.dueJobs(1_000)).toContain(jobId);
  });

  it('is announced anew in the next round', async () => {
    const ended = await runJob(under, (await submitJob(under, 1)).released, 'failed');
    await store.markAnnounced(ended);
    await store.retry(ended.jobId, 'me');
    expect(await readJob(under, ended.jobId)).not.toHaveProperty('announcements');
  });

  it('changes nothing of a job that was retried meanwhile', async () => {
    const ended = await runJob(under, (await submitJob(under, 1)).released, 'failed');
    await store.retry(ended.jobId, 'me');
    await store.markAnnounced(ended);
    expect(await readJob(under, ended.jobId)).toMatchObject({ status: 'queued', checkAt: under.in(54) });
  });

  it('is looked at as soon as before while follow-ups are due', async () => {
    const { jobId } = await runJob(under, (await submitJob(under, 1)).released);
    await under.edit(jobKey(jobId), { followUpsDue: true });
    const before = await readJob(under, jobId);
    await store.markAnnounced(before);
    expect(await readJob(under, jobId)).toEqual(before);
    await store.markSigned(before);
    expect(await readJob(under, jobId)).toMatchObject({ checkAt: before.checkAt });
    expect(await readJob(under, jobId)).not.toHaveProperty('signatureDue');
  });

  it('does not come back when it was signed before it was marked', async () => {
    const ended = await runJob(under, (await submitJob(under, 1)).released);
    await store.markSigned(ended);
    await store.markAnnounced(ended);
    expect(await readJob(under, ended.jobId)).not.toHaveProperty('checkAt');
  });
});

describe('a signed end', () => {
  it('leaves the index of open jobs', async () => {
    const ended = await runJob(under, (await submitJob(under, 1)).released);
    expect(await store.dueJobs(1_000)).toContain(ended.jobId);
    await store.markAnnounced(ended);
    await store.markSigned(ended);
    under.pass(3_600);
    expect(await store.dueJobs(1_000)).not.toContain(ended.jobId);
    const item = await under.item(jobKey(ended.jobId));
    for (const name of ['checkShard', 'checkAt', 'announcements', 'signatureDue'])
      expect(item).not.toHaveProperty(name);
  });

  it('does not take a job out that was retried meanwhile', async () => {
    const ended = await runJob(under, (await submitJob(under, 1)).released, 'failed');
    await store.retry(ended.jobId, 'me');
    await store.markSigned(ended);
    expect(await readJob(under, ended.jobId)).toMatchObject({ status: 'queued', checkAt: under.in(54) });
  });
});
