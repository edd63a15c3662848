import { afterAll, beforeAll, expect, it } from 'vitest';
import { stoppedWorkerKey } from '#shared/aws/table.ts';
import type { TaskError } from '#shared/task/task.ts';
import { claimTask, type StoreUnderTest, startStore, submitJob } from '#test/support/store-under-test.ts';

let under: StoreUnderTest;
beforeAll(async () => {
  under = await startStore();
});
afterAll(() => under.close());

const causedBy = (code: string): TaskError => ({ code, message: `it was ${code}`, retryable: true });
const record = (worker: string, version: number, code: string) =>
  under.store.recordStoppedWorker({ worker, version, error: causedBy(code) });

/** A task of a new job whose worker is gone, once its lease is over. */
async function lostTask(worker: string, workerSize?: 'large') {
  const { jobId } = await submitJob(under, 1);
  const ref = { jobId, taskId: '0001' };
  if (workerSize === 'large') {
    const { held } = await claimTask(under, ref);
    await under.store.putBack(held, 'transient_failure', 0, causedBy('oom'));
  }
  await claimTask(under, ref, worker);
  under.pass(60);
  return { sweep: () => under.store.sweepJob(jobId), task: () => under.store.readTask(jobId, '0001') };
}

it('a lost lease says what ended its worker', async () => {
  const { sweep, task } = await lostTask('small-1-1');
  await record('small-1-1', 3, 'spot_reclaimed');
  expect(await sweep()).toMatchObject({ actions: { lose: 1 }, sendLater: [{ ref: { workerSize: 'small' } }] });
  expect(await task()).toMatchObject({
    status: 'queued',
    workerSize: 'small',
    error: causedBy('spot_reclaimed'),
    claims: [{ worker: 'small-1-1', why: 'spot_reclaimed' }],
  });
});

it('a lost lease says only that, where nobody said what ended the worker, or it was another', async () => {
  const { sweep, task } = await lostTask('small-2-1');
  await record('small-2-2', 3, 'oom');
  await sweep();
  expect(await task()).toMatchObject({ error: { code: 'lease_lost' }, claims: [{ why: 'lease_lost' }] });
});

it('the tasks of a worker that was short of memory go to a large one', async () => {
  const { sweep, task } = await lostTask('small-3-1');
  await record('small-3-1', 3, 'oom');
  expect(await sweep()).toMatchObject({ actions: { lose: 1 }, sendLater: [{ ref: { workerSize: 'large' } }] });
  expect(await task()).toMatchObject({ workerSize: 'large', failures: 1, claims: [{ why: 'oom' }] });
});

it('and end failed when that was short of memory too', async () => {
  const { sweep, task } = await lostTask('large-4-1', 'large');
  await record('large-4-1', 3, 'oom');
  expect(await sweep()).toMatchObject({ actions: { exhaust: 1 }, finished: { status: 'failed' } });
  const ended = await task();
  expect(ended).toMatchObject({ status: 'failed', failures: 2, error: causedBy('oom') });
  expect(ended?.claims.map(({ why }) => why)).toEqual(['oom', 'oom']);
  expect(ended?.deadLetteredAt).toBe(under.in(0));
});

it('of several reports the newest counts, whichever comes first', async () => {
  const codeOf = async (worker: string) => (await under.item(stoppedWorkerKey(worker)))?.error;
  await record('small-5-1', 4, 'worker_failed');
  await record('small-5-1', 4, 'worker_failed');
  await record('small-5-1', 3, 'worker_stopped');
  expect(await codeOf('small-5-1')).toEqual(causedBy('worker_failed'));
  await record('small-5-1', 5, 'oom');
  expect(await codeOf('small-5-1')).toEqual(causedBy('oom'));
});

it('is forgotten after a day', async () => {
  await record('small-6-1', 3, 'oom');
  const item = await under.item(stoppedWorkerKey('small-6-1'));
  expect(item).toMatchObject({
    schemaVersion: 1,
    expiresAtEpochSeconds: Math.floor(under.now().getTime() / 1000) + 86_400,
  });
  under.pass(86_400);
  const { sweep, task } = await lostTask('small-6-1');
  await sweep();
  expect(await task()).toMatchObject({ error: { code: 'lease_lost' } });
});
