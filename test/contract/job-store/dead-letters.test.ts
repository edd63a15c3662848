import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deadLetterKey, jobKey, taskKey } from '#shared/aws/table.ts';
import type { DeadTask, UnreadableMessage } from '#shared/job/dead-letter.ts';
import type { JobStore } from '#shared/job/store.ts';
import {
  claimTask,
  newTenant,
  readJob,
  type StoreUnderTest,
  type SubmittedJob,
  startStore,
  submitJob,
} from '#test/support/store-under-test.ts';

let under: StoreUnderTest;
let store: JobStore;
beforeAll(async () => {
  under = await startStore({ windowTasks: 100 });
  store = under.store;
});
afterAll(() => under.close());

const ERROR = { code: 'scanner_crashed', message: 'nmap ended by SIGSEGV', retryable: true, stderrTail: 'out of luck' };

/** A job of `dead` tasks that their workers gave up, each a second after the one before, and `open` that wait. */
async function submitDead(dead: number, open = 0, changes = {}): Promise<SubmittedJob> {
  const submitted = await submitJob(under, dead + open, changes);
  for (const ref of submitted.released.slice(0, dead)) {
    const { held } = await claimTask(under, ref);
    under.pass(1);
    await store.finish(held, { status: 'failed', error: ERROR, deadLettered: true });
  }
  await store.finalise(await readJob(under, submitted.jobId), 'worker/1');
  return submitted;
}

const taskIds = (items: readonly DeadTask[]) => items.map(({ letter }) => letter.taskId);

describe('a task that its holder gives up', () => {
  it('is a dead letter of its tenant, which lasts as long as the task', async () => {
    const { job, jobId } = await submitDead(1);
    const { items, after } = await store.listDeadLetters(job.tenant, 10);
    expect(after).toBeUndefined();
    expect(items).toEqual([
      {
        standing: 'redrivable',
        letter: expect.objectContaining({
          tenant: job.tenant,
          jobId,
          taskId: '0001',
          scanner: 'nmap',
          code: 'scanner_crashed',
          message: 'nmap ended by SIGSEGV',
          attempt: 1,
          at: under.in(0),
        }),
        task: await store.readTask(jobId, '0001'),
      },
    ]);
    const key = deadLetterKey({ tenant: job.tenant, jobId, taskId: '0001', at: under.in(0) });
    const [letter, task] = [await under.item(key), await under.item(taskKey(jobId, '0001'))];
    expect(letter?.expiresAtEpochSeconds).toBe(task?.expiresAtEpochSeconds);
    expect(letter).not.toHaveProperty('stderrTail');
  });

  it('is one letter, however often its end is written', async () => {
    const { job, released } = await submitJob(under, 1);
    const { held } = await claimTask(under, released[0] as never);
    const end = { status: 'failed', error: ERROR, deadLettered: true } as const;
    expect(await store.finish(held, end)).toBe('finished');
    under.pass(1);
    expect(await store.finish(held, end)).toBe('finished');
    const items = await under.items(`TENANT#${job.tenant}`);
    expect(items.filter(({ sk }) => String(sk).startsWith('DEAD#'))).toHaveLength(1);
  });

  it('leaves no letter when somebody else holds it by now', async () => {
    const { job, jobId, released } = await submitJob(under, 1);
    const { held } = await claimTask(under, released[0] as never);
    under.pass(60);
    await store.sweepJob(jobId);
    expect(await store.finish(held, { status: 'failed', error: ERROR, deadLettered: true })).toBe('superseded');
    expect(await store.listDeadLetters(job.tenant, 10)).toEqual({ items: [] });
  });

  it('is none when it failed for good', async () => {
    const { job, released } = await submitJob(under, 1);
    const { held } = await claimTask(under, released[0] as never);
    await store.finish(held, { status: 'failed', error: { ...ERROR, retryable: false } });
    expect(await store.listDeadLetters(job.tenant, 10)).toEqual({ items: [] });
  });
});

describe('a task that the sweeper gives up', () => {
  it('is a dead letter too', async () => {
    const { job, jobId } = await submitJob(under, 1);
    for (let n = 0; n < 3; n += 1) {
      await claimTask(under, { jobId, taskId: '0001' });
      under.pass(60);
      await store.sweepJob(jobId);
    }
    const { items } = await store.listDeadLetters(job.tenant, 10);
    expect(items).toMatchObject([{ letter: { taskId: '0001', code: 'lease_lost', attempt: 3, at: under.in(0) } }]);
    const key = deadLetterKey({ tenant: job.tenant, jobId, taskId: '0001', at: under.in(0) });
    const [letter, task] = [await under.item(key), await under.item(taskKey(jobId, '0001'))];
    expect(letter?.expiresAtEpochSeconds).toBe(task?.expiresAtEpochSeconds);
  });
});

describe('listDeadLetters', () => {
  it('is newest first, page by page', async () => {
    const { job } = await submitDead(5);
    const first = await store.listDeadLetters(job.tenant, 2);
    const second = await store.listDeadLetters(job.tenant, 2, first.after);
    const third = await store.listDeadLetters(job.tenant, 2, second.after);
    expect([first, second, third].map(({ items }) => taskIds(items))).toEqual([
      ['0005', '0004'],
      ['0003', '0002'],
      ['0001'],
    ]);
    expect(third.after).toBeUndefined();
    expect(await store.listDeadLetters(newTenant(), 2)).toEqual({ items: [] });
  });

  it('says what can be done: nothing while the job is open, nor once it was cancelled', async () => {
    const { job, jobId } = await submitDead(1, 1);
    const standings = async () => (await store.listDeadLetters(job.tenant, 10)).items.map(({ standing }) => standing);
    expect(await standings()).toEqual(['job_open']);
    await store.cancel(jobId, 'me');
    expect(await standings()).toEqual(['job_cancelled']);
  });

  it('leaves out what was retried, whether it is released again or not', async () => {
    const { job, jobId } = await submitDead(2, 0);
    const again = await store.retry(jobId, 'me');
    expect(taskIds((await store.listDeadLetters(job.tenant, 10)).items)).toEqual([]);
    const [one, two] = await store.release(again);
    expect(taskIds((await store.listDeadLetters(job.tenant, 10)).items)).toEqual([]);
    for (const ref of [one, two]) {
      const { held } = await claimTask(under, ref as never);
      under.pass(1);
      await store.finish(held, { status: 'failed', error: ERROR, deadLettered: true });
    }
    // Each task died twice; its first death counts no more.
    const { items } = await store.listDeadLetters(job.tenant, 10);
    expect(items.map(({ letter }) => [letter.taskId, letter.attempt])).toEqual([
      ['0002', 2],
      ['0001', 2],
    ]);
  });

  it('goes past letters that do not count any more', async () => {
    const { job, jobId } = await submitDead(1);
    const retried = await submitDead(3, 0, { tenant: job.tenant });
    await store.retry(retried.jobId, 'me');
    const { items, after } = await store.listDeadLetters(job.tenant, 1);
    expect(items.map(({ letter }) => letter.jobId)).toEqual([jobId]);
    expect(after).toBeUndefined();
  });

  it('leaves out those of a deleted job', async () => {
    const { job, jobId } = await submitDead(1);
    await store.deleteJob(jobId);
    expect(await store.listDeadLetters(job.tenant, 10)).toEqual({ items: [] });
  });

  it('has no letter once that was removed', async () => {
    const { job } = await submitDead(2);
    const [newest] = (await store.listDeadLetters(job.tenant, 10)).items;
    await store.removeDeadLetter((newest as DeadTask).letter);
    await store.removeDeadLetter((newest as DeadTask).letter);
    expect(taskIds((await store.listDeadLetters(job.tenant, 10)).items)).toEqual(['0001']);
  });

  it('leaves the job as it was: the letters are not its own records', async () => {
    const { jobId } = await submitDead(1);
    const items = await under.items(jobKey(jobId).pk);
    expect(items.map(({ sk }) => String(sk)).filter((sk) => sk.startsWith('DEAD#'))).toEqual([]);
  });
});

describe('an unreadable message', () => {
  const message = (fields: Partial<UnreadableMessage> = {}): UnreadableMessage => ({
    hash: 'a'.repeat(64),
    at: under.in(0),
    reason: 'not_json',
    body: 'hello',
    bytes: 5,
    receiveCount: 5,
    queue: 'small',
    ...fields,
  });

  it('is recorded once, and listed newest first', async () => {
    const first = message();
    await store.recordUnreadable(first);
    under.pass(1);
    await store.recordUnreadable(message());
    const second = message({ hash: 'b'.repeat(64), reason: 'unknown_job' });
    await store.recordUnreadable(second);
    expect(await store.listUnreadable(10)).toEqual({ items: [second, first] });
    const { items, after } = await store.listUnreadable(1);
    expect(items).toEqual([second]);
    expect(await store.listUnreadable(1, after)).toEqual({ items: [first] });
  });

  it('is forgotten after the retention, and may then come again', async () => {
    const hash = 'c'.repeat(64);
    await store.recordUnreadable(message({ hash }));
    under.pass(7 * 86_400 + 1);
    expect(await store.listUnreadable(10)).toEqual({ items: [] });
    const again = message({ hash });
    await store.recordUnreadable(again);
    expect(await store.listUnreadable(10)).toEqual({ items: [again] });
  });
});
