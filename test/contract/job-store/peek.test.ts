import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TaskRef } from '#shared/task/task.ts';
import { claimTask, readJob, type StoreUnderTest, startStore, submitJob } from '#test/support/store-under-test.ts';

let under: StoreUnderTest;
beforeAll(async () => {
  under = await startStore();
});
afterAll(() => under.close());

it('a job and its tasks are peeked at by one eventually consistent query', async () => {
  const { jobId, released } = await submitJob(under, 3);
  await claimTask(under, released[0] as TaskRef);
  under.calls.length = 0;
  const found = await under.store.peekJobAndTasks(jobId);
  expect(under.calls).toEqual([{ operation: 'Query', input: expect.objectContaining({ ConsistentRead: false }) }]);
  expect(found).toEqual({ job: await readJob(under, jobId), tasks: await under.store.readTasks(jobId) });
  expect(found?.tasks.map(({ status }) => status)).toEqual(['running', 'queued', 'queued']);
});

it('none is found where there is none', async () => {
  expect(await under.store.peekJobAndTasks('019a0000-0000-7000-8000-00000000dead')).toBeUndefined();
});
