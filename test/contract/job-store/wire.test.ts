/** What holds for every operation: the retry rule, and records that have expired or that a newer version wrote. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobKey, taskKey } from '#shared/aws/table.ts';
import type { JobStore } from '#shared/job/store.ts';
import type { Fault } from '#test/support/dynamodb-faults.ts';
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
  under = await startStore({ ratePerSecond: 10 });
  store = under.store;
});
afterAll(() => under.close());

const first = { taskId: '0001' } as const;
const queued = async () => (await submitJob(under, 2)).jobId;
const held = async () => (await claimTask(under, { jobId: await queued(), ...first })).held;
const failed = async () => (await runJob(under, (await submitJob(under, 1)).released, 'failed')).jobId;
const done = { status: 'completed', result: aResult() } as const;

/** Each operation on a job made for it, and the kind of call it cannot do without. */
const OPERATIONS: { what: string; call: string; run: () => Promise<() => Promise<unknown>> }[] = [
  { what: 'submit', call: 'TransactWriteItems', run: async () => () => store.submit(newJob(under, 1), () => '{}') },
  {
    what: 'readJob',
    call: 'GetItem',
    run: async () =>
      (
        (jobId) => () =>
          store.readJob(jobId)
      )(await queued()),
  },
  {
    what: 'readTasks',
    call: 'Query',
    run: async () =>
      (
        (jobId) => () =>
          store.readTasks(jobId)
      )(await queued()),
  },
  { what: 'listJobs', call: 'Query', run: async () => () => store.listJobs({ tenant: 'nobody' }, 10) },
  {
    what: 'claim',
    call: 'UpdateItem',
    run: async () =>
      (
        (jobId) => () =>
          store.claim({ jobId, ...first }, 'w')
      )(await queued()),
  },
  {
    what: 'start',
    call: 'TransactWriteItems',
    run: async () =>
      (
        (job) => () =>
          store.start(job, 'w')
      )((await submitJob(under, 1)).job),
  },
  {
    what: 'lockHosts',
    call: 'PutItem',
    run: async () =>
      (
        (mine) => () =>
          store.lockHosts(mine, [mine.jobId])
      )(await held()),
  },
  {
    what: 'unlockHosts',
    call: 'DeleteItem',
    run: async () =>
      (
        (mine) => () =>
          store.unlockHosts(mine, ['x'])
      )(await held()),
  },
  {
    what: 'heartbeat',
    call: 'UpdateItem',
    run: async () =>
      (
        (mine) => () =>
          store.heartbeat(mine)
      )(await held()),
  },
  {
    what: 'putBack',
    call: 'UpdateItem',
    run: async () =>
      (
        (mine) => () =>
          store.putBack(mine, 'shutdown', 0)
      )(await held()),
  },
  {
    what: 'finish',
    call: 'TransactWriteItems',
    run: async () =>
      (
        (mine) => () =>
          store.finish(mine, done)
      )(await held()),
  },
  {
    what: 'cancel',
    call: 'TransactWriteItems',
    run: async () =>
      (
        (jobId) => () =>
          store.cancel(jobId, 'me')
      )(await queued()),
  },
  {
    what: 'retry',
    call: 'TransactWriteItems',
    run: async () =>
      (
        (jobId) => () =>
          store.retry(jobId, 'me')
      )(await failed()),
  },
  {
    what: 'deleteJob',
    call: 'UpdateItem',
    run: async () =>
      (
        (jobId) => () =>
          store.deleteJob(jobId)
      )(await failed()),
  },
  {
    what: 'takeToken',
    call: 'UpdateItem',
    run: async () =>
      (
        (jobId) => () =>
          store.takeToken(jobId, 'p')
      )(await queued()),
  },
];
const FAULTS: Fault[] = ['throttle', 'conflict', 'error', 'silence'];

describe('the retry rule', () => {
  it.each(OPERATIONS)('$what answers through throttling, conflicts, faults and silence', async ({ call, run }) => {
    const expected = shapeOf(await (await run())());
    const again = await run();
    for (const fault of FAULTS) under.failNext(call, fault);
    expect(shapeOf(await again())).toEqual(expected);
  });

  it.each(OPERATIONS.filter(({ what }) => what !== 'cancel'))(
    '$what gives up with an error that says to try again',
    async ({ call, run }) => {
      const operation = await run();
      for (let tries = 0; tries < 10; tries += 1) under.failNext(call, 'throttle');
      await expect(operation()).rejects.toMatchObject({ code: 'database_unavailable', retryable: true });
    },
  );

  /** What two runs on different jobs have in common. */
  const shapeOf = (answer: unknown) =>
    typeof answer === 'object' && answer !== null ? Object.keys(answer).sort() : typeof answer;
});

describe('a record of a newer version', () => {
  it('is refused and named', async () => {
    const jobId = await queued();
    await under.edit(jobKey(jobId), { schemaVersion: 2 });
    const refused = {
      code: 'schema_version',
      message: `JOB#${jobId} JOB has schema version 2; this scanfleet knows 1: update it`,
    };
    await expect(store.readJob(jobId)).rejects.toMatchObject(refused);
    await expect(store.sweepJob(jobId)).rejects.toMatchObject(refused);
    await expect(store.cancel(jobId, 'me')).rejects.toMatchObject(refused);
  });

  it('is refused also where a condition meets it', async () => {
    const mine = await held();
    await under.edit(taskKey(mine.jobId, '0001'), { schemaVersion: 2, status: 'completed' });
    await expect(store.heartbeat(mine)).rejects.toMatchObject({ code: 'schema_version' });
  });
});

describe('a record that has expired', () => {
  it('reads as absent, though the table still holds it', async () => {
    const { jobId, job } = await submitJob(under, 1);
    under.pass(job.lastExpiryEpochSeconds - under.now().getTime() / 1000 + 25 * 3_600 - 1);
    expect(await store.readTask(jobId, '0001')).toBeDefined();
    under.pass(1);
    expect(await store.readTask(jobId, '0001')).toBeUndefined();
    expect(await store.readTasks(jobId)).toEqual([]);
    expect(await store.readSpec(jobId)).toBeUndefined();
    expect(await store.claim({ jobId, ...first }, 'w')).toBeUndefined();
    expect(await under.item(taskKey(jobId, '0001'))).toBeDefined();
  });

  it('is a job when its retention is over', async () => {
    const jobId = await failed();
    under.pass(604_799);
    expect(await readJob(under, jobId)).toMatchObject({ status: 'failed' });
    under.pass(1);
    expect(await store.readJob(jobId)).toBeUndefined();
    expect(await store.peekJob(jobId)).toBeUndefined();
  });
});
