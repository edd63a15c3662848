import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { idempotencyKey, jobKey, quotaKey, specKey, taskKey } from '#shared/aws/table.ts';
import {
  newJob,
  newTenant,
  race,
  runJob,
  START,
  type StoreUnderTest,
  startStore,
  submitJob,
} from '#test/support/store-under-test.ts';

let under: StoreUnderTest;
beforeAll(async () => {
  under = await startStore();
});
afterAll(() => under.close());

const answer = (job: { jobId: string }, queuePosition: number) => `${job.jobId} after ${queuePosition}`;
const operations = () => under.calls.map(({ operation }) => operation);
const quota = async (tenant: string) => {
  const { activeJobs, lent } = (await under.item(quotaKey(tenant))) ?? {};
  return { activeJobs, lent };
};

describe('submit', () => {
  it('stores a small job in one transaction after two reads', async () => {
    under.calls.length = 0;
    const job = newJob(under, 2, { idempotency: { key: 'k', requestHash: 'h' }, project: 'shop' });
    const submitted = await under.store.submit(job, answer);
    expect(operations()).toEqual(['GetItem', 'GetItem', 'TransactWriteItems']);
    const { jobId, tenant } = job.job;
    expect(submitted).toEqual({
      outcome: 'created',
      body: `${jobId} after 0`,
      released: [
        { jobId, taskId: '0001', tenant, workerSize: 'small' },
        { jobId, taskId: '0002', tenant, workerSize: 'small' },
      ],
      job: {
        ...job.job,
        status: 'queued',
        round: 1,
        stopReason: 'none',
        deadlineAt: '2026-01-31T13:00:00.000Z',
        taskCount: 2,
        openCount: 2,
        ended: { completed: 0, failed: 0, timedOut: 0, cancelled: 0 },
        findings: 0,
        partialFindings: 0,
        workerMs: 0,
        storedBytes: 0,
        costNanoUsd: 0,
        toldNanoUsd: 0,
        slots: 2,
        live: 2,
        next: 2,
        // 54 s: a little less than the sweeper's minute.
        checkAt: '2026-01-31T12:00:54.000Z',
        // Two times an hour and a week after 2026-01-31T12:00:00Z, which is second 1,769,860,800.
        lastExpiryEpochSeconds: 1_769_860_800 + 2 * (3_600 + 604_800),
      },
    });
    expect(await under.store.readJob(jobId)).toEqual(submitted.outcome === 'created' && submitted.job);
    expect(await quota(tenant)).toEqual({ activeJobs: 1, lent: 2 });
    expect(await under.store.readTasks(jobId)).toEqual(
      ['0001', '0002'].map((taskId, from) => ({
        jobId,
        taskId,
        tenant,
        scanner: 'nmap',
        workerSize: 'small',
        slice: { from, count: 1 },
        status: 'queued',
        round: 1,
        attempt: 0,
        failures: 0,
        resends: 0,
        claims: [],
        notBefore: START,
        checkAt: '2026-01-31T12:01:00.000Z',
      })),
    );
  });

  it('keeps job and tasks small, with what never changes beside them', async () => {
    const { jobId, job } = await submitJob(under, 1, {
      spec: {
        targets: ['a.example', 'b.example'],
        scanners: [{ name: 'nmap', options: { ports: '80' } }],
        labels: { a: 'b' },
        description: 'why',
      },
    });
    expect(await under.store.readSpec(jobId)).toEqual({
      targets: ['a.example', 'b.example'],
      targetCount: 2,
      scanners: [{ name: 'nmap', options: { ports: '80' } }],
      labels: { a: 'b' },
      description: 'why',
    });
    const partsExpire = job.lastExpiryEpochSeconds + 25 * 3_600;
    expect((await under.item(specKey(jobId)))?.expiresAtEpochSeconds).toBe(partsExpire);
    expect((await under.item(taskKey(jobId, '0001')))?.expiresAtEpochSeconds).toBe(partsExpire);
    expect((await under.item(jobKey(jobId)))?.expiresAtEpochSeconds).toBeUndefined();
  });

  it('keeps a long list of targets out of the table', async () => {
    const targets = Array.from({ length: 80 }, (_, at) => `host-${at}.example`);
    const { jobId } = await submitJob(under, 1, { spec: { targets, scanners: [], labels: {} } });
    expect(await under.store.readSpec(jobId)).toEqual({
      targets: undefined,
      targetCount: 80,
      scanners: [],
      labels: {},
    });
  });

  it.each([1, 75])('stores %i tasks of a job with 20 targets and a project at once', async (tasks) => {
    const targets = Array.from({ length: 25 }, (_, at) => `10.0.0.${at}`);
    under.calls.length = 0;
    const { released } = await submitJob(under, tasks, { project: 'p', spec: { targets, scanners: [], labels: {} } });
    expect(operations()).toEqual(['GetItem', 'GetItem', 'TransactWriteItems']);
    expect(released).toHaveLength(tasks);
  });

  it('releases no more than the window has room for, but one task of each job at least', async () => {
    const store = under.withLimits({ windowTasks: 3 });
    const tenant = newTenant();
    const submitted = [];
    for (const tasks of [2, 5, 5]) submitted.push(await submitJob(under, tasks, { tenant }, store));
    expect(submitted.map(({ released, job }) => [released.length, job.slots, job.next])).toEqual([
      [2, 2, 2],
      [1, 1, 1],
      [1, 1, 1],
    ]);
    expect(await quota(tenant)).toEqual({ activeJobs: 3, lent: 4 });
    const waiting = await under.store.readTask(submitted[1]?.jobId ?? '', '0002');
    expect(waiting?.checkAt).toBeUndefined();
    expect(await under.store.claim(waiting ?? { jobId: '', taskId: '' }, 'w')).toBeUndefined();
  });

  it('tells how many tasks of the tenant come before', async () => {
    const tenant = newTenant();
    await submitJob(under, 7, { tenant });
    const second = await under.store.submit(newJob(under, 1, { tenant }), answer);
    expect(second.body).toMatch(/ after 7$/);
  });

  it('refuses the job that is one too many, and takes it once another has ended', async () => {
    const store = under.withLimits({ quotaJobs: 2 });
    const tenant = newTenant();
    const first = await submitJob(under, 1, { tenant }, store);
    await submitJob(under, 1, { tenant }, store);
    const third = newJob(under, 1, { tenant });
    await expect(store.submit(third, answer)).rejects.toMatchObject({ code: 'quota_exceeded', retryAfterSeconds: 60 });
    expect(await under.item(jobKey(third.job.jobId))).toBeUndefined();
    expect(await quota(tenant)).toEqual({ activeJobs: 2, lent: 2 });
    await runJob(under, first.released);
    expect(await store.submit(third, answer)).toMatchObject({ outcome: 'created' });
  });

  it('has no quota when it is off', async () => {
    const store = under.withLimits({ quotaJobs: Number.POSITIVE_INFINITY });
    const tenant = newTenant();
    for (let n = 0; n < 3; n += 1) await submitJob(under, 1, { tenant }, store);
    expect(await quota(tenant)).toEqual({ activeJobs: 3, lent: 3 });
  });

  it('lends no slot twice to submits at once', async () => {
    const store = under.withLimits({ windowTasks: 5 });
    const tenant = newTenant();
    const both = await race(
      () => submitJob(under, 4, { tenant }, store),
      () => submitJob(under, 4, { tenant }, store),
    );
    const lent = both.map((one) => (one.status === 'fulfilled' ? one.value.job.slots : 0));
    expect(lent.sort()).toEqual([1, 4]);
    expect(await quota(tenant)).toEqual({ activeJobs: 2, lent: 5 });
  });

  it('lends what there is when the window filled after it was looked at', async () => {
    const store = under.withLimits({ windowTasks: 5 });
    const tenant = newTenant();
    under.failNext('TransactWriteItems', () => submitJob(under, 3, { tenant }, store));
    const { job, released } = await submitJob(under, 4, { tenant }, store);
    expect([job.slots, released.length]).toEqual([2, 2]);
    expect(await quota(tenant)).toEqual({ activeJobs: 2, lent: 5 });
  });
});

describe('an idempotency key', () => {
  const idempotency = { key: 'weekly', requestHash: 'abc' };

  it('repeats the first answer for the same request, even when the job moved on', async () => {
    const first = newJob(under, 1, { idempotency });
    const created = await under.store.submit(first, answer);
    if (created.outcome === 'created') await runJob(under, created.released);
    const again = newJob(under, 1, { idempotency, tenant: first.job.tenant });
    expect(await under.store.submit(again, answer)).toEqual({
      outcome: 'repeated',
      jobId: first.job.jobId,
      body: `${first.job.jobId} after 0`,
    });
    expect(await under.store.readJob(again.job.jobId)).toBeUndefined();
    expect(await quota(first.job.tenant)).toEqual({ activeJobs: 0, lent: 0 });
  });

  it('refuses another request', async () => {
    const first = newJob(under, 1, { idempotency });
    await under.store.submit(first, answer);
    const other = newJob(under, 1, { idempotency: { ...idempotency, requestHash: 'xyz' }, tenant: first.job.tenant });
    await expect(under.store.submit(other, answer)).rejects.toMatchObject({
      code: 'idempotency_key_reused',
      message: expect.stringMatching(/abc.*xyz/),
    });
  });

  it('is another key for another tenant', async () => {
    await under.store.submit(newJob(under, 1, { idempotency }), answer);
    expect(await under.store.submit(newJob(under, 1, { idempotency }), answer)).toMatchObject({ outcome: 'created' });
  });

  it('is answered before the quota is asked', async () => {
    const store = under.withLimits({ quotaJobs: 1 });
    const first = newJob(under, 1, { idempotency });
    await store.submit(first, answer);
    const again = newJob(under, 1, { idempotency, tenant: first.job.tenant });
    expect(await store.submit(again, answer)).toMatchObject({ outcome: 'repeated' });
  });

  it('is forgotten once it has expired, though the table still holds it', async () => {
    const first = newJob(under, 1, { idempotency });
    await under.store.submit(first, answer);
    under.pass(86_400);
    const again = newJob(under, 1, { idempotency, tenant: first.job.tenant });
    expect(await under.store.submit(again, answer)).toMatchObject({ outcome: 'created' });
    expect((await under.item(idempotencyKey(first.job.tenant, 'weekly')))?.jobId).toBe(again.job.jobId);
  });

  it('makes one job of two submits at once', async () => {
    const tenant = newTenant();
    const one = newJob(under, 1, { idempotency, tenant });
    const two = newJob(under, 1, { idempotency, tenant });
    const both = await race(
      () => under.store.submit(one, answer),
      () => under.store.submit(two, answer),
    );
    const values = both.map((settled) => (settled.status === 'fulfilled' ? settled.value : undefined));
    expect(values.map((value) => value?.outcome).sort()).toEqual(['created', 'repeated']);
    expect(values[0]?.body).toBe(values[1]?.body);
    expect(await quota(tenant)).toEqual({ activeJobs: 1, lent: 1 });
  });
});

describe('a submit whose answer is lost', () => {
  it('recognises its own job and counts it once', async () => {
    const job = newJob(under, 2, { idempotency: { key: 'k', requestHash: 'h' } });
    under.failNext('TransactWriteItems', 'lost_answer');
    const submitted = await under.store.submit(job, answer);
    expect(submitted).toMatchObject({ outcome: 'created', body: `${job.job.jobId} after 0`, job: { live: 2 } });
    expect(submitted.outcome === 'created' && submitted.released.map(({ taskId }) => taskId)).toEqual(['0001', '0002']);
    expect(await quota(job.job.tenant)).toEqual({ activeJobs: 1, lent: 2 });
  });

  it('is refused by nothing of its own without a key', async () => {
    const job = newJob(under, 1);
    under.failNext('TransactWriteItems', 'lost_answer');
    expect(await under.store.submit(job, answer)).toMatchObject({
      outcome: 'created',
      body: `${job.job.jobId} after 0`,
    });
  });

  it.each(['throttle', 'conflict', 'error', 'silence'] as const)('is tried again after %s', async (fault) => {
    const job = newJob(under, 1);
    under.failNext('TransactWriteItems', fault);
    expect(await under.store.submit(job, answer)).toMatchObject({ outcome: 'created' });
    expect(await quota(job.job.tenant)).toEqual({ activeJobs: 1, lent: 1 });
  });
});

describe('a large submit', () => {
  it('writes the tasks, then the job, then releases what the window takes', async () => {
    under.calls.length = 0;
    const { job, jobId, released } = await submitJob(under, 250);
    expect(operations().filter((operation) => operation === 'TransactWriteItems')).toHaveLength(3 + 1 + 2);
    expect(job).toMatchObject({ taskCount: 250, openCount: 250, slots: 100, live: 0, next: 0 });
    expect(released.map(({ taskId }) => taskId)).toEqual(
      Array.from({ length: 100 }, (_, at) => String(at + 1).padStart(4, '0')),
    );
    expect(await under.store.readJob(jobId)).toMatchObject({ slots: 100, live: 100, next: 100, openCount: 250 });
    const tasks = await under.store.readTasks(jobId);
    expect(tasks.map(({ slice }) => slice.from)).toEqual(Array.from({ length: 250 }, (_, at) => at));
    expect(tasks.filter(({ checkAt }) => checkAt !== undefined)).toHaveLength(100);
  });

  it('takes as many tasks as a job may have', async () => {
    const { jobId } = await submitJob(under, 1_000);
    expect(await under.store.readTasks(jobId)).toHaveLength(1_000);
  });

  it.each([0, 1, 2, 3])('goes on when the answer to transaction %i is lost', async (at) => {
    const job = newJob(under, 250, { idempotency: { key: 'k', requestHash: 'h' } });
    for (let n = 0; n < at; n += 1) under.failNext('TransactWriteItems', async () => undefined);
    under.failNext('TransactWriteItems', 'lost_answer');
    expect(await under.store.submit(job, answer)).toMatchObject({ outcome: 'created' });
    expect(await under.store.readJob(job.job.jobId)).toMatchObject({ live: 100, openCount: 250 });
    expect(await quota(job.job.tenant)).toEqual({ activeJobs: 1, lent: 100 });
  });

  it('writes nothing when its key was used before, or the quota is full', async () => {
    const store = under.withLimits({ quotaJobs: 1 });
    const idempotency = { key: 'k', requestHash: 'h' };
    const first = newJob(under, 120, { idempotency });
    await store.submit(first, answer);
    const { tenant } = first.job;
    const again = newJob(under, 120, { idempotency, tenant });
    const other = newJob(under, 120, { tenant });
    expect(await store.submit(again, answer)).toMatchObject({ outcome: 'repeated', jobId: first.job.jobId });
    await expect(store.submit(other, answer)).rejects.toMatchObject({ code: 'quota_exceeded' });
    expect(await under.store.readTasks(again.job.jobId)).toEqual([]);
    expect(await under.store.readTasks(other.job.jobId)).toEqual([]);
  });

  it('leaves tasks that nobody can claim when it dies before the commit', async () => {
    const job = newJob(under, 120);
    under.failNext('TransactWriteItems', async () => undefined);
    under.failNext('TransactWriteItems', async () => undefined);
    under.failNext('TransactWriteItems', async () => {
      throw new Error('the caller died');
    });
    await expect(under.store.submit(job, answer)).rejects.toThrow('the caller died');
    const { jobId } = job.job;
    expect(await under.store.readTasks(jobId)).toHaveLength(120);
    expect(await under.store.claim({ jobId, taskId: '0001' }, 'w')).toBeUndefined();
    expect(await under.store.sweepJob(jobId)).toEqual({ send: [], sendLater: [], actions: {} });
    expect(await quota(job.job.tenant)).toEqual({});
  });

  it('is a job all the same when its tasks cannot be released at once', async () => {
    const job = newJob(under, 120);
    for (let n = 0; n < 3; n += 1) under.failNext('TransactWriteItems', async () => undefined);
    for (let n = 0; n < 10; n += 1) under.failNext('TransactWriteItems', 'throttle');
    expect(await under.store.submit(job, answer)).toMatchObject({ outcome: 'created', released: [] });
    under.pass(60);
    const { send } = await under.store.sweepJob(job.job.jobId);
    expect(send).toHaveLength(100);
  });
});
