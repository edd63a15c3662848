/**
 * Who waits for whom: tenants for each other, and jobs of one tenant, on real queues in the order of their sending. Nothing is measured in
 * seconds, which would tell about this machine: what counts is how many other tasks are begun between a submit and its own first one.
 */
import { v7 } from 'uuid';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { cancelJob } from '#functions/cancel-job/cancel-job.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { s3Results } from '#shared/aws/results.ts';
import { sqsTaskQueue } from '#shared/aws/task-queue.ts';
import { TaskMessage } from '#shared/contracts/events.ts';
import { endTask } from '#shared/job/flow.ts';
import type { Job, Priority } from '#shared/job/job.ts';
import type { JobStore } from '#shared/job/store.ts';
import { DEFAULT_LIMITS } from '#shared/limits.ts';
import type { ReceivedMessage, TaskQueue } from '#shared/task/queue.ts';
import { type Emulators, startEmulators } from '#test/support/emulators.ts';
import { aResult, newJob, newTenant } from '#test/support/store-under-test.ts';

const now = () => new Date();
const events = { jobFinished: async () => undefined };

let emulators: Emulators;
let queue: TaskQueue;
beforeEach(async () => {
  emulators = await startEmulators();
  queue = sqsTaskQueue(emulators.sqs, emulators.queueUrls);
});
afterEach(() => emulators.close());

const storeWithWindow = (windowTasks: number): JobStore =>
  dynamoJobStore({
    client: emulators.dynamodb,
    table: emulators.table,
    limits: { ...DEFAULT_LIMITS, windowTasks },
    now,
  });

async function submit(jobs: JobStore, tenant: string, tasks: number, priority: Priority = 'normal'): Promise<Job> {
  const submitted = await jobs.submit(newJob({ now }, tasks, { jobId: v7(), tenant, priority }), () => '{}');
  if (submitted.outcome !== 'created') throw new Error('the job is not new');
  await queue.send(submitted.released);
  return submitted.job;
}

/** A worker takes up to ten messages, and scans in no time. The jobs of the tasks that it ran, in order; undefined when none came. */
async function work(jobs: JobStore, max = 10): Promise<readonly string[] | undefined> {
  const messages = await queue.receive('small', { max, waitSeconds: 0 });
  if (messages.length === 0) return undefined;
  const ran = await Promise.all(messages.map((message) => run(jobs, message)));
  return ran.filter((jobId) => jobId !== undefined);
}

async function run(jobs: JobStore, { body, receipt }: ReceivedMessage): Promise<string | undefined> {
  const ref = TaskMessage.parse(JSON.parse(body));
  const claimed = await jobs.claim({ ...ref, workerSize: 'small' }, 'worker-1');
  await queue.remove('small', receipt);
  if (claimed === undefined) return undefined;
  await endTask({ jobs, queue, events }, claimed.held, { status: 'completed', result: aResult() }, []);
  return ref.jobId;
}

/** One after the other, until there is nothing more to do. */
async function workThemAll(jobs: JobStore): Promise<readonly string[]> {
  const ran: string[] = [];
  for (;;) {
    const more = await work(jobs, 1);
    if (more === undefined) return ran;
    ran.push(...more);
  }
}

/** How many tasks of others are begun before that of the job. */
async function othersBefore(jobs: JobStore, jobId: string): Promise<number> {
  let others = 0;
  for (;;) {
    const ran = await work(jobs);
    if (ran === undefined) throw new Error('the task was never on the queue');
    if (ran.includes(jobId)) return others + ran.indexOf(jobId);
    others += ran.length;
  }
}

const percentile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? Number.NaN;

it("starts a tenant's single task within a window of another tenant's ten thousand", { timeout: 240_000 }, async () => {
  const WINDOW = 100;
  const LARGE_JOBS = 10;
  const jobs = storeWithWindow(WINDOW);
  const [large, small] = [newTenant(), newTenant()];
  for (let n = 0; n < LARGE_JOBS; n += 1) await submit(jobs, large, 1_000);
  const waitedFor: number[] = [];
  for (let n = 0; n < 20; n += 1) {
    const { jobId } = await submit(jobs, small, 1);
    waitedFor.push(await othersBefore(jobs, jobId));
  }
  // Every open job may have one task on the queue, whatever the window says.
  expect(percentile(waitedFor, 0.95)).toBeLessThanOrEqual(WINDOW + LARGE_JOBS - 1);
  // It was in competition all the time: the large tenant has used its window.
  expect(Math.min(...waitedFor)).toBeGreaterThan(WINDOW / 2);
});

it("serves a tenant's jobs by priority, whatever the order they came in", async () => {
  const jobs = storeWithWindow(10);
  const tenant = newTenant();
  const names = new Map<string, string>();
  const add = async (name: string, tasks: number, priority: Priority) =>
    names.set((await submit(jobs, tenant, tasks, priority)).jobId, name);
  await add('first', 10, 'normal');
  for (const priority of ['low', 'normal', 'high'] as const) await add(priority, 12, priority);
  const ran = (await workThemAll(jobs)).map((jobId) => names.get(jobId));
  expect(ran).toHaveLength(46);
  const ended = (name: string) => ran.lastIndexOf(name);
  expect([ended('first') < ended('high'), ended('high') < ended('normal'), ended('normal') < ended('low')]).toEqual([
    true,
    true,
    true,
  ]);
});

it("gives the slots of a cancelled job to the tenant's next one at once", async () => {
  const jobs = storeWithWindow(10);
  const results = s3Results(emulators.s3, emulators.bucket);
  const tenant = newTenant();
  const caller = { tenant, principal: 'acme/ann' };
  const blocking = await submit(jobs, tenant, 10);
  const waiting = await submit(jobs, tenant, 5);
  expect(waiting).toMatchObject({ live: 1 });
  await cancelJob({ jobs, queue, results, events }, { caller, path: { jobId: blocking.jobId } } as never);
  expect(await jobs.readJob(waiting.jobId)).toMatchObject({ live: 5, next: 5 });
  expect(await workThemAll(jobs)).toEqual(Array(5).fill(waiting.jobId));
});
