import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lockKey, taskKey } from '#shared/aws/table.ts';
import type { JobStore } from '#shared/job/store.ts';
import type { Held } from '#shared/task/task.ts';
import {
  aResult,
  claimTask,
  newTenant,
  race,
  readJob,
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

const first = { taskId: '0001' } as const;

describe('claim', () => {
  it('gives the whole task under a lease, in one write', async () => {
    const { jobId } = await submitJob(under, 1);
    under.calls.length = 0;
    const claimed = await store.claim({ jobId, ...first }, 'worker-1');
    expect(under.calls.map(({ operation }) => operation)).toEqual(['UpdateItem']);
    expect(claimed?.held).toEqual({
      jobId,
      taskId: '0001',
      attempt: 1,
      owner: expect.stringMatching(/^worker-1\/.{20,}$/),
      claims: [{ attempt: 1, worker: 'worker-1', at: under.in(0) }],
      used: { workerMs: 0, storedBytes: 0, costNanoUsd: 0 },
    });
    expect(claimed?.task).toMatchObject({
      status: 'running',
      attempt: 1,
      failures: 0,
      leaseExpiresAt: under.in(60),
      checkAt: under.in(60),
      startedAt: under.in(0),
      slice: { from: 0, count: 1 },
    });
    expect(claimed?.task).toEqual(await store.readTask(jobId, '0001'));
  });

  it('gives a task to one of two workers', async () => {
    const { jobId } = await submitJob(under, 1);
    const both = await race(
      () => store.claim({ jobId, ...first }, 'worker-1'),
      () => store.claim({ jobId, ...first }, 'worker-2'),
    );
    expect(both.map((settled) => settled.status === 'fulfilled' && settled.value !== undefined).sort()).toEqual([
      false,
      true,
    ]);
    expect(await store.readTask(jobId, '0001')).toMatchObject({ attempt: 1 });
  });

  it('gives a task to one of two slots of the same worker', async () => {
    const { jobId } = await submitJob(under, 1);
    await claimTask(under, { jobId, ...first }, 'worker-1');
    expect(await store.claim({ jobId, ...first }, 'worker-1')).toBeUndefined();
  });

  it('is the same claim when its answer was lost', async () => {
    const { jobId } = await submitJob(under, 1);
    under.failNext('UpdateItem', 'lost_answer');
    const claimed = await store.claim({ jobId, ...first }, 'worker-1');
    expect(claimed?.held.attempt).toBe(1);
    expect(claimed?.task).toEqual(await store.readTask(jobId, '0001'));
    expect(await store.heartbeat(claimed?.held as never)).toBe(under.in(60));
  });

  it('refuses a task that has ended, one never released and one that is not there', async () => {
    const narrow = under.withLimits({ windowTasks: 1 });
    const { jobId } = await submitJob(under, 2, {}, narrow);
    const { held } = await claimTask(under, { jobId, ...first });
    await store.finish(held, { status: 'completed', result: aResult() });
    for (const taskId of ['0001', '0002', '0003']) expect(await store.claim({ jobId, taskId }, 'w')).toBeUndefined();
    expect(await under.item(taskKey(jobId, '0003'))).toBeUndefined();
  });

  it('waits for the time the task was put back to, within a second', async () => {
    const { jobId } = await submitJob(under, 1);
    const { held } = await claimTask(under, { jobId, ...first });
    await store.putBack(held, 'shutdown', 30);
    under.pass(28.9);
    expect(await store.claim({ jobId, ...first }, 'w')).toBeUndefined();
    under.pass(0.1);
    expect(await store.claim({ jobId, ...first }, 'w')).toMatchObject({ held: { attempt: 2 } });
  });

  it('starts with a clean record, but for the claims before', async () => {
    const { jobId } = await submitJob(under, 1);
    const { held } = await claimTask(under, { jobId, ...first }, 'worker-1');
    const at = under.in(0);
    await store.heartbeat(held, { current: 1, total: 2, percent: 50, message: 'half' });
    under.pass(5);
    await store.putBack(held, 'transient_failure', 0, { code: 'exit', message: 'no route', retryable: true });
    const { task } = await claimTask(under, { jobId, ...first }, 'worker-2');
    expect(task).not.toHaveProperty('progress');
    expect(task).not.toHaveProperty('error');
    expect(task.claims).toEqual([
      { attempt: 1, worker: 'worker-1', at, endedAt: under.in(0), why: 'transient_failure' },
      { attempt: 2, worker: 'worker-2', at: under.in(0) },
    ]);
  });
});

describe('start', () => {
  it('moves a queued job to running and records it', async () => {
    const { jobId, job } = await submitJob(under, 1);
    under.pass(2);
    await store.start(job, 'worker/1');
    expect(await readJob(under, jobId)).toMatchObject({ status: 'running', startedAt: under.in(0) });
    expect(await store.readEvents(jobId)).toEqual([
      { at: job.createdAt, by: '111111111111/acme', from: null, to: 'queued', why: 'submitted' },
      { at: under.in(0), by: 'worker/1', from: 'queued', to: 'running', why: 'first task claimed' },
    ]);
  });

  it('happens once', async () => {
    const { jobId, job } = await submitJob(under, 1);
    await race(
      () => store.start(job, 'worker/1'),
      () => store.start(job, 'worker/2'),
    );
    await store.start(await readJob(under, jobId), 'worker/3');
    expect(await store.readEvents(jobId)).toHaveLength(2);
  });

  it('leaves a job alone that was stopped meanwhile', async () => {
    const { jobId, job } = await submitJob(under, 1);
    await claimTask(under, { jobId, ...first });
    await store.cancel(jobId, 'me');
    await store.start(job, 'worker/1');
    expect(await readJob(under, jobId)).toMatchObject({ status: 'cancelling' });
  });
});

describe('heartbeat', () => {
  it('renews the lease and keeps the progress', async () => {
    const { jobId } = await submitJob(under, 1);
    const { held } = await claimTask(under, { jobId, ...first });
    under.pass(15);
    const progress = { current: 3, total: 10, percent: 30, message: 'SYN scan', details: 'host 3' };
    expect(await store.heartbeat(held, progress)).toBe(under.in(60));
    expect(await store.readTask(jobId, '0001')).toMatchObject({
      leaseExpiresAt: under.in(60),
      checkAt: under.in(60),
      progress,
    });
    under.pass(15);
    await store.heartbeat(held);
    expect(await store.readTask(jobId, '0001')).toMatchObject({ leaseExpiresAt: under.in(60), progress });
  });

  it('is refused once the task is another worker’s, put back, or ended', async () => {
    const { jobId } = await submitJob(under, 1);
    const one = await claimTask(under, { jobId, ...first }, 'worker-1');
    await store.putBack(one.held, 'shutdown', 0);
    expect(await store.heartbeat(one.held)).toBeUndefined();
    const two = await claimTask(under, { jobId, ...first }, 'worker-1');
    expect(await store.heartbeat(one.held)).toBeUndefined();
    expect(await store.heartbeat({ ...two.held, attempt: 1 })).toBeUndefined();
    await store.finish(two.held, { status: 'completed', result: aResult() });
    expect(await store.heartbeat(two.held)).toBeUndefined();
  });

  it('never shortens a lease', async () => {
    const { jobId } = await submitJob(under, 1);
    const { held } = await claimTask(under, { jobId, ...first });
    under.pass(-5);
    expect(await store.heartbeat(held)).toBeUndefined();
    under.pass(5);
    expect(await store.readTask(jobId, '0001')).toMatchObject({ leaseExpiresAt: under.in(60) });
  });

  it('is one renewal when its answer was lost', async () => {
    const { jobId } = await submitJob(under, 1);
    const { held } = await claimTask(under, { jobId, ...first });
    under.failNext('UpdateItem', 'lost_answer');
    expect(await store.heartbeat(held)).toBe(under.in(60));
  });
});

describe('putBack', () => {
  it.each([
    { reason: 'shutdown', failures: 0, claims: ['shutdown'] },
    { reason: 'host_busy', failures: 0, claims: [] },
    { reason: 'transient_failure', failures: 1, claims: ['transient_failure'] },
  ] as const)('for $reason counts $failures failures and keeps the attempt', async ({ reason, failures, claims }) => {
    const { jobId } = await submitJob(under, 1);
    const { held } = await claimTask(under, { jobId, ...first });
    const error = { code: 'exit', message: 'no', retryable: true, stderrTail: undefined };
    expect(await store.putBack(held, reason, 20, error)).toBe('queued');
    const task = await store.readTask(jobId, '0001');
    expect(task).toMatchObject({
      status: 'queued',
      attempt: 1,
      failures,
      notBefore: under.in(20),
      checkAt: under.in(80),
      resends: 0,
    });
    expect(task?.error).toEqual({ code: 'exit', message: 'no', retryable: true });
    expect(task?.claims.map(({ why }) => why)).toEqual(claims);
    for (const gone of ['leaseOwner', 'leaseExpiresAt', 'startedAt', 'progress']) expect(task).not.toHaveProperty(gone);
  });

  it('moves a task that was short of memory to a large worker: no small one can claim it any more', async () => {
    const { jobId } = await submitJob(under, 1);
    const small = await store.claim({ jobId, ...first, workerSize: 'small' }, 'worker-1');
    const error = { code: 'oom', message: 'killed', retryable: true };
    await store.putBack(small?.held as Held, 'transient_failure', 0, error);
    expect(await store.readTask(jobId, '0001')).toMatchObject({
      workerSize: 'large',
      failures: 1,
      error,
      claims: [{ why: 'oom' }],
    });
    expect(await store.claim({ jobId, ...first, workerSize: 'small' }, 'worker-1')).toBeUndefined();
    const large = await store.claim({ jobId, ...first, workerSize: 'large' }, 'worker-2');
    expect(large).toMatchObject({ held: { attempt: 2 }, task: { workerSize: 'large' } });
  });

  it('is refused when the task is not ours any more', async () => {
    const { jobId } = await submitJob(under, 1);
    const one = await claimTask(under, { jobId, ...first }, 'worker-1');
    await store.putBack(one.held, 'shutdown', 0);
    const two = await claimTask(under, { jobId, ...first }, 'worker-2');
    expect(await store.putBack(one.held, 'shutdown', 5)).toBe('lost');
    expect(await store.readTask(jobId, '0001')).toMatchObject({ status: 'running', leaseOwner: two.held.owner });
  });

  it('recognises itself when its answer was lost', async () => {
    const { jobId } = await submitJob(under, 1);
    const { held } = await claimTask(under, { jobId, ...first });
    under.failNext('UpdateItem', 'lost_answer');
    expect(await store.putBack(held, 'transient_failure', 20)).toBe('queued');
    expect(await store.readTask(jobId, '0001')).toMatchObject({ failures: 1, notBefore: under.in(20) });
  });
});

describe('host locks', () => {
  const hostOf = () => `192.0.2.${Math.floor(Math.random() * 250)}-${newTenant()}`;
  const claimed = async (worker = 'worker-1') =>
    claimTask(under, { ...first, jobId: (await submitJob(under, 1)).jobId }, worker);

  it('are taken all or none', async () => {
    const [a, b] = [hostOf(), hostOf()];
    const one = await claimed();
    const two = await claimed();
    expect(await store.lockHosts(one.held, [b])).toBe('locked');
    expect(await store.lockHosts(two.held, [a, b])).toBe('busy');
    expect(await under.item(lockKey(a))).toBeUndefined();
    expect(await under.item(lockKey(b))).toMatchObject({ jobId: one.held.jobId, taskId: '0001', attempt: 1 });
  });

  it('take each address once, however often it is named, and none when there is none', async () => {
    const host = hostOf();
    const { held } = await claimed();
    expect(await store.lockHosts(held, [host, host])).toBe('locked');
    under.calls.length = 0;
    expect(await store.lockHosts(held, [])).toBe('locked');
    await store.unlockHosts(held, []);
    expect(under.calls).toEqual([]);
  });

  it('go to one of two tasks at once', async () => {
    const host = hostOf();
    const [one, two] = [await claimed('worker-1'), await claimed('worker-2')];
    const both = await race(
      () => store.lockHosts(one.held, [host]),
      () => store.lockHosts(two.held, [host]),
    );
    expect(both.map((settled) => settled.status === 'fulfilled' && settled.value).sort()).toEqual(['busy', 'locked']);
  });

  it('are free again when they were given back', async () => {
    const hosts = [hostOf(), hostOf()];
    const [one, two] = [await claimed(), await claimed()];
    await store.lockHosts(one.held, hosts);
    await store.unlockHosts(one.held, hosts);
    expect(await store.lockHosts(two.held, hosts)).toBe('locked');
  });

  it.each([
    {
      what: 'ended',
      leave: async (held: never) => void (await store.finish(held, { status: 'completed', result: aResult() })),
    },
    { what: 'was put back', leave: async (held: never) => void (await store.putBack(held, 'shutdown', 0)) },
    {
      what: 'was put back and claimed anew',
      leave: async (held: { jobId: string }) => {
        await store.putBack(held as never, 'shutdown', 0);
        await claimTask(under, { jobId: held.jobId, taskId: '0001' });
      },
    },
  ])('are void once the attempt that holds them $what', async ({ leave }) => {
    const hosts = [hostOf(), hostOf(), hostOf()];
    const [one, two] = [await claimed(), await claimed()];
    await store.lockHosts(one.held, hosts.slice(1));
    await leave(one.held as never);
    expect(await store.lockHosts(two.held, hosts)).toBe('locked');
    expect(await under.item(lockKey(hosts[2] as string))).toMatchObject({ jobId: two.held.jobId });
  });

  it('of a job that is gone are void', async () => {
    const host = hostOf();
    const { held } = await claimed();
    await store.lockHosts({ ...held, jobId: '019a0000-0000-7000-8000-00000000dead' }, [host]);
    expect(await store.lockHosts(held, [host])).toBe('locked');
  });

  it('stay whoever’s they are when an earlier holder gives back', async () => {
    const hosts = [hostOf(), hostOf()];
    const [one, two] = [await claimed(), await claimed()];
    await store.lockHosts(one.held, hosts);
    await store.putBack(one.held, 'shutdown', 0);
    await store.lockHosts(two.held, hosts.slice(0, 1));
    await store.unlockHosts(one.held, hosts);
    expect(await under.item(lockKey(hosts[0] as string))).toMatchObject({ jobId: two.held.jobId });
    expect(await under.item(lockKey(hosts[1] as string))).toBeUndefined();
  });

  it('are one’s own when the answer was lost', async () => {
    const host = hostOf();
    const { held } = await claimed();
    under.failNext('TransactWriteItems', 'lost_answer');
    expect(await store.lockHosts(held, [host])).toBe('locked');
    under.failNext('TransactWriteItems', 'lost_answer');
    await store.unlockHosts(held, [host]);
    expect(await under.item(lockKey(host))).toBeUndefined();
  });
});
