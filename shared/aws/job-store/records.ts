/** Reading one job's records. */
import type { Job, JobEventRecord, StoredSpec } from '../../job/job.ts';
import type { JobAndTasks } from '../../job/store.ts';
import type { Task } from '../../task/task.ts';
import { EVENT_PREFIX, jobKey, specKey, TASK_PREFIX, taskKey } from '../table.ts';
import type { StoreContext } from './context.ts';
import { eventOf, jobOf, specOf, taskOf } from './items.ts';

type Reading = Pick<StoreContext, 'db'>;

export const readJob = async ({ db }: Reading, jobId: string): Promise<Job | undefined> =>
  jobOf(await db.get(jobKey(jobId)));

export const peekJob = async ({ db }: Reading, jobId: string): Promise<Job | undefined> =>
  jobOf(await db.peek(jobKey(jobId)));

export async function readSpec({ db }: Reading, jobId: string): Promise<StoredSpec | undefined> {
  const item = await db.peek(specKey(jobId));
  return item && specOf(item);
}

export async function readTask({ db }: Reading, jobId: string, taskId: string): Promise<Task | undefined> {
  const item = await db.get(taskKey(jobId, taskId));
  return item && taskOf(item);
}

/** The job's tasks from number `from` (a task id) on, page by page. */
export async function* taskPages(
  { db }: Reading,
  jobId: string,
  from = '',
  limit?: number,
): AsyncGenerator<readonly Task[]> {
  const query = {
    where: '#pk = :pk AND #sk BETWEEN :first AND :last',
    values: { pk: jobKey(jobId).pk, first: `${TASK_PREFIX}${from}`, last: `${TASK_PREFIX}~` },
    ...(limit === undefined ? {} : { limit }),
  };
  for await (const items of db.pages(query)) yield items.map(taskOf);
}

export async function readTasks(context: Reading, jobId: string): Promise<readonly Task[]> {
  const tasks: Task[] = [];
  for await (const page of taskPages(context, jobId)) tasks.push(...page);
  return tasks;
}

/** One query over what lies side by side: the job, its spec, its tasks. */
export async function peekJobAndTasks({ db }: Reading, jobId: string): Promise<JobAndTasks | undefined> {
  const { pk, sk } = jobKey(jobId);
  const query = {
    where: '#pk = :pk AND #sk BETWEEN :first AND :last',
    values: { pk, first: sk, last: `${TASK_PREFIX}~` },
    eventually: true as const,
  };
  let job: Job | undefined;
  const tasks: Task[] = [];
  for await (const items of db.pages(query)) {
    job ??= jobOf(items.find((item) => item.sk === sk));
    tasks.push(...items.filter((item) => String(item.sk).startsWith(TASK_PREFIX)).map(taskOf));
  }
  return job && { job, tasks };
}

/** The job's transitions, its creation first: that one is the job's own record. */
export async function readEvents(context: Reading, jobId: string): Promise<readonly JobEventRecord[]> {
  const job = await readJob(context, jobId);
  if (job === undefined) return [];
  const events: JobEventRecord[] = [
    { at: job.createdAt, by: job.createdBy, from: null, to: 'queued', why: 'submitted' },
  ];
  const query = {
    where: '#pk = :pk AND begins_with(#sk, :prefix)',
    values: { pk: jobKey(jobId).pk, prefix: EVENT_PREFIX },
  };
  for await (const items of context.db.pages(query)) events.push(...items.map(eventOf));
  return events;
}
