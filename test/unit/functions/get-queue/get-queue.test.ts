import { beforeEach, describe, expect, it } from 'vitest';
import { type GetQueueDeps, getQueue } from '#functions/get-queue/get-queue.ts';
import { httpHandler } from '#functions/middleware/http.ts';
import { QueueView } from '#shared/contracts/queue.ts';
import { routes } from '#shared/contracts/routes.ts';
import type { Job } from '#shared/job/job.ts';
import type { Task } from '#shared/task/task.ts';
import { aJob, aTask, JOB_ID } from '#test/support/job-records.ts';
import { captureLog } from '#test/support/log-lines.ts';
import { ADMIN_ARN, CALLERS, call } from '#test/support/proxy-event.ts';

const NOW = '2026-01-31T12:10:00.500Z';
const OTHER_ID = '019a0000-0000-7000-8000-000000000002';

let open: Job[];
let waiting: Map<string, Task[]>;
let asked: string[];
beforeEach(() => {
  captureLog();
  open = [];
  waiting = new Map();
  asked = [];
});

const worker = (started: boolean) => ({ arn: 'arn', name: 'w', launchedAt: new Date(NOW), started });
const deps: GetQueueDeps = {
  now: () => new Date(NOW),
  jobs: {
    openJobs: async (tenant) => {
      asked.push(`open jobs of ${tenant}`);
      return open;
    },
    nextTasks: async ({ jobId }, limit) => {
      asked.push(`${limit} tasks of ${jobId.at(-1)}`);
      return (waiting.get(jobId) ?? []).slice(0, limit);
    },
    listDeadLetters: async (tenant) => {
      asked.push(`dead letters of ${tenant}`);
      return { items: [] };
    },
    listUnreadable: async () => {
      asked.push('unreadable');
      return { items: [] };
    },
  },
  queue: { depth: async (size) => ({ visible: size === 'small' ? 3 : 0, inFlight: 2, delayed: 1 }) },
  launcher: { list: async (size) => (size === 'small' ? [worker(true), worker(true), worker(false)] : []) },
};
const middleware = { jobs: { takeToken: async () => ({ ok: true }) as const }, callers: CALLERS };
const handler = httpHandler(routes.getQueue, middleware, (request) => getQueue(deps, request));
const ask = async (query: Record<string, string> = {}, userArn?: string) => {
  const { status, json } = await call(handler, { query, ...(userArn ? { userArn } : {}) });
  expect(status).toBe(200);
  return QueueView.parse(json);
};

describe('GET /queue', () => {
  it('counts the tasks of open jobs, released and waiting, and says how old the oldest is', async () => {
    open = [
      aJob({ status: 'running', openCount: 7, live: 3, createdAt: '2026-01-31T12:05:00.000Z' }),
      aJob({ jobId: OTHER_ID, status: 'queued', openCount: 2, live: 0, createdAt: '2026-01-31T12:00:00.000Z' }),
    ];
    expect(await ask()).toEqual({
      openJobs: 2,
      released: 3,
      waiting: 6,
      oldestCreatedAt: '2026-01-31T12:00:00.000Z',
      oldestAgeSeconds: 600,
      nextTasks: [],
      deadLetters: 0,
      workers: { small: { running: 2, starting: 1 }, large: { running: 0, starting: 0 } },
    });
    expect(asked).toContain('open jobs of 111111111111');
    expect(asked).toContain('dead letters of 111111111111');
  });

  it('names the next ten tasks that wait, job by job', async () => {
    open = [aJob({ status: 'running', round: 2 }), aJob({ jobId: OTHER_ID, status: 'queued' })];
    const tasks = (jobId: string, count: number, fields: Partial<Task>) =>
      Array.from({ length: count }, (_, n) => aTask({ jobId, taskId: `000${n + 1}`, ...fields }));
    waiting.set(JOB_ID, [
      ...tasks(JOB_ID, 1, { status: 'queued', round: 2, notBefore: NOW }),
      ...tasks(JOB_ID, 1, { status: 'failed', round: 1, notBefore: NOW, taskId: '0002' }),
    ]);
    waiting.set(OTHER_ID, tasks(OTHER_ID, 9, { status: 'queued' }));
    const { nextTasks } = await ask();
    expect(nextTasks).toHaveLength(10);
    expect(nextTasks.slice(0, 3)).toEqual([
      { jobId: JOB_ID, taskId: '0001', scanner: 'nmap', status: 'queued', notBefore: NOW },
      { jobId: JOB_ID, taskId: '0002', scanner: 'nmap', status: 'queued' },
      { jobId: OTHER_ID, taskId: '0001', scanner: 'nmap', status: 'queued' },
    ]);
    expect(asked.filter((what) => what.includes('tasks of'))).toEqual(['10 tasks of 1', '8 tasks of 2']);
  });

  it('looks at the tasks of ten jobs at most', async () => {
    open = Array.from({ length: 12 }, () => aJob({ status: 'queued' }));
    await ask();
    expect(asked.filter((what) => what.includes('tasks of'))).toHaveLength(10);
  });

  it("shows admins every tenant's, and the SQS queues", async () => {
    const { queues } = await ask({ scope: 'fleet' }, ADMIN_ARN);
    expect(queues).toEqual({
      small: { visible: 3, inFlight: 2, delayed: 1 },
      large: { visible: 0, inFlight: 2, delayed: 1 },
    });
    expect(asked).toEqual(['open jobs of undefined', 'unreadable']);
  });

  it('refuses that to everybody else', async () => {
    const { status, json } = await call(handler, { query: { scope: 'fleet' } });
    expect([status, json.code]).toEqual([403, 'admins_only']);
    expect(asked).toEqual([]);
  });
});
