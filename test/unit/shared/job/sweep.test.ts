import { describe, expect, it } from 'vitest';
import type { Job } from '#shared/job/job.ts';
import { canBeStopped, decide, type SweepAction } from '#shared/job/sweep.ts';
import type { Task } from '#shared/task/task.ts';
import { aJob, aTask } from '#test/support/job-records.ts';

const NOW = '2026-01-31T13:00:00.000Z';
const BEFORE = '2026-01-31T12:59:59.999Z';
const AFTER = '2026-01-31T13:00:00.001Z';
const limits = { leaseSeconds: 60, maxFailures: 3 };

/** An open job of `tasks` tasks, all of them on the queue or held, with a slot for each. */
const open = (tasks: number, fields: Partial<Job> = {}): Job =>
  aJob({
    status: 'running',
    taskCount: tasks,
    openCount: tasks,
    live: tasks,
    slots: tasks,
    next: tasks,
    ended: { completed: 0, failed: 0, timedOut: 0, cancelled: 0 },
    deadlineAt: AFTER,
    checkAt: NOW,
    ...fields,
  });
const onQueue = (checkAt: string, fields: Partial<Task> = {}): Task => aTask({ status: 'queued', checkAt, ...fields });
const held = (leaseExpiresAt: string, fields: Partial<Task> = {}): Task =>
  aTask({
    status: 'running',
    checkAt: leaseExpiresAt,
    leaseExpiresAt,
    leaseOwner: 'w/1',
    startedAt: BEFORE,
    ...fields,
  });
const waiting = (fields: Partial<Task> = {}): Task => aTask({ status: 'queued', attempt: 0, ...fields });

const words = (actions: readonly SweepAction[]) =>
  actions.map((action) => ('task' in action ? `${action.do} ${action.task.taskId}` : action.do));

interface Row {
  readonly what: string;
  readonly job: Job;
  readonly tasks: readonly Task[];
  readonly does: readonly string[];
}

describe('decide', () => {
  it.each<Row>([
    { what: 'a healthy running task', job: open(1), tasks: [held(AFTER)], does: [] },
    { what: 'a task whose message is fresh', job: open(1), tasks: [onQueue(AFTER)], does: [] },
    { what: 'a message that may be lost', job: open(1), tasks: [onQueue(NOW)], does: ['resend 0001'] },
    { what: 'a lease that ends this moment', job: open(1), tasks: [held(NOW)], does: ['lose 0001'] },
    {
      what: 'a lost lease with one failure left',
      job: open(1),
      tasks: [held(BEFORE, { failures: 1 })],
      does: ['lose 0001'],
    },
    {
      what: 'a lost lease with none left',
      job: open(1),
      tasks: [held(BEFORE, { failures: 2 })],
      does: ['exhaust 0001'],
    },
    {
      what: 'several tasks, each for itself',
      job: open(3),
      tasks: [onQueue(BEFORE), held(BEFORE, { taskId: '0002' }), held(AFTER, { taskId: '0003' })],
      does: ['resend 0001', 'lose 0002'],
    },
    {
      what: 'tasks that wait while slots are free',
      job: open(2, { live: 1 }),
      tasks: [held(AFTER), waiting()],
      does: ['release'],
    },
    {
      what: 'tasks that wait for slots',
      job: open(2, { live: 1, slots: 1 }),
      tasks: [held(AFTER), waiting({ taskId: '0002' })],
      does: ['release'],
    },
    { what: 'slots that nothing waits for', job: open(1, { slots: 2 }), tasks: [held(AFTER)], does: ['release'] },
    { what: 'no open task', job: open(0), tasks: [aTask()], does: ['finalise'] },
    {
      what: 'no open task, though the deadline passed',
      job: open(0, { deadlineAt: BEFORE }),
      tasks: [aTask()],
      does: ['finalise'],
    },
    { what: 'a passed deadline', job: open(1, { deadlineAt: NOW }), tasks: [held(BEFORE)], does: ['expire'] },
    {
      what: 'a passed deadline while queued',
      job: open(1, { status: 'queued', deadlineAt: NOW }),
      tasks: [onQueue(BEFORE)],
      does: ['expire'],
    },
    {
      what: 'a stopped job whose worker is about to end it',
      job: open(1, { status: 'cancelling', stopAt: BEFORE }),
      tasks: [held(AFTER)],
      does: [],
    },
    {
      what: 'a stopped job with a task on the queue',
      job: open(1, { status: 'cancelling', stopAt: BEFORE }),
      tasks: [onQueue(AFTER)],
      does: ['stop'],
    },
    {
      what: 'a stopped job with a dead worker',
      job: open(1, { status: 'cancelling', stopAt: BEFORE }),
      tasks: [held(NOW)],
      does: ['stop'],
    },
    {
      what: 'a task that an earlier round left behind',
      job: open(1, { round: 2 }),
      tasks: [onQueue(BEFORE, { round: 1 })],
      does: [],
    },
    {
      what: 'a task that waits for its window',
      job: open(1, { live: 0, slots: 0, opensAt: AFTER }),
      tasks: [waiting({ window: { notBefore: AFTER } })],
      does: [],
    },
    {
      what: 'a window that opens this moment',
      job: open(1, { live: 0, slots: 0, opensAt: NOW }),
      tasks: [waiting({ window: { notBefore: NOW } })],
      does: ['release'],
    },
    {
      what: 'a window that has not closed yet',
      job: open(1),
      tasks: [onQueue(NOW, { window: { notAfter: AFTER } })],
      does: ['resend 0001'],
    },
    {
      what: 'a window that closes this moment over a task on the queue',
      job: open(1),
      tasks: [onQueue(NOW, { window: { notAfter: NOW } })],
      does: ['close'],
    },
    {
      what: 'a window that closed over a task that waited for slots',
      job: open(2, { live: 1, slots: 1 }),
      tasks: [held(AFTER), waiting({ taskId: '0002', window: { notAfter: BEFORE } })],
      does: ['close', 'release'],
    },
    {
      what: 'a window that closed over a task whose worker is about to stop it',
      job: open(1),
      tasks: [held(AFTER, { window: { notAfter: BEFORE } })],
      does: [],
    },
    {
      what: 'a window that closed over a task whose worker died',
      job: open(1),
      tasks: [held(NOW, { window: { notAfter: BEFORE }, failures: 2 })],
      does: ['close'],
    },
    {
      what: 'a window that closed over a task that is to be retried',
      job: open(1, { round: 2, live: 0, next: 0 }),
      tasks: [aTask({ status: 'failed', window: { notAfter: BEFORE } })],
      does: ['close', 'release'],
    },
    {
      what: 'a window that closed over what has ended, and others that go on',
      job: open(2),
      tasks: [
        aTask({ window: { notAfter: BEFORE } }),
        onQueue(NOW, { taskId: '0002' }),
        held(AFTER, { taskId: '0003' }),
      ],
      does: ['resend 0002'],
    },
    {
      what: 'a closed window after the deadline',
      job: open(1, { deadlineAt: NOW }),
      tasks: [onQueue(NOW, { window: { notAfter: NOW } })],
      does: ['expire'],
    },
    {
      what: 'a closed window of a job that is being stopped',
      job: open(1, { status: 'cancelling', stopAt: BEFORE }),
      tasks: [onQueue(AFTER, { window: { notAfter: NOW } })],
      does: ['stop'],
    },
    { what: 'an end that was announced', job: aJob(), tasks: [], does: [] },
    { what: 'an end that was not announced', job: aJob({ checkAt: BEFORE }), tasks: [], does: ['announce'] },
  ])('$what: $does', ({ job, tasks, does }) => {
    expect(words(decide(job, tasks, NOW, limits))).toEqual(does);
  });
});

describe('a lost lease', () => {
  const oom = { code: 'oom', message: 'killed', retryable: true };
  const decided = (task: Task, worker: string) =>
    decide(open(1), [task], NOW, limits, { stopped: new Map([[worker, oom]]) });

  it('has the cause its worker is known to have ended of', () =>
    expect(decided(held(NOW), 'w')).toMatchObject([{ do: 'lose', error: oom }]));

  it('has no other where another worker ended', () =>
    expect(decided(held(NOW), 'v')).toMatchObject([{ do: 'lose', error: { code: 'lease_lost' } }]));

  it('is the last when the largest worker was short of memory', () =>
    expect(decided(held(NOW, { workerSize: 'large' }), 'w')).toMatchObject([{ do: 'exhaust', error: oom }]));

  it('is none while the lease holds, whatever is known of its worker', () =>
    expect(decided(held(AFTER), 'w')).toEqual([]));
});

describe('canBeStopped', () => {
  const stopped = (stopAt: string, fields: Partial<Job> = {}) => open(1, { status: 'cancelling', stopAt, ...fields });
  const TWO_LEASES_AGO = '2026-01-31T12:58:00.000Z';
  const LONGER_AGO = '2026-01-31T12:57:59.999Z';

  it.each<{ what: string; job: Job; task: Task; does: boolean }>([
    { what: 'a task that waits for a slot', job: stopped(BEFORE), task: waiting(), does: true },
    { what: 'a task on the queue', job: stopped(BEFORE), task: onQueue(AFTER), does: true },
    {
      what: 'a task of an earlier round that failed',
      job: stopped(BEFORE, { round: 2 }),
      task: aTask({ status: 'failed' }),
      does: true,
    },
    {
      what: 'a task of an earlier round that completed',
      job: stopped(BEFORE, { round: 2 }),
      task: aTask(),
      does: false,
    },
    {
      what: 'a task of this round that has ended',
      job: stopped(BEFORE),
      task: aTask({ status: 'failed' }),
      does: false,
    },
    { what: 'a task that a worker holds', job: stopped(TWO_LEASES_AGO), task: held(AFTER), does: false },
    { what: 'a task whose lease is over', job: stopped(BEFORE), task: held(NOW), does: true },
    { what: 'a task whose worker goes on for two leases', job: stopped(LONGER_AGO), task: held(AFTER), does: true },
  ])('$what: $does', ({ job, task, does }) => {
    expect(canBeStopped(job, task, NOW, limits)).toBe(does);
  });
});
