import { describe, expect, it } from 'vitest';
import { JobSummaryView, JobView } from '#shared/contracts/job.ts';
import { jobSummaryView, jobView } from '#shared/job/view.ts';
import type { Status } from '#shared/status.ts';
import type { Task } from '#shared/task/task.ts';
import { aJob, aSpec, aTask } from '#test/support/job-records.ts';

const NONE_ENDED = { completed: 0, failed: 0, timedOut: 0, cancelled: 0 };
const spec = { ...aSpec(), targets: ['203.0.113.7'] };
const open = (status: Status, openCount: number, taskCount: number) =>
  aJob({ status, openCount, taskCount, live: openCount, ended: { ...NONE_ENDED, completed: taskCount - openCount } });
const at = (percent: number) => ({ current: percent, total: 100, percent, message: 'ports' });

describe('the view of a job', () => {
  it('is what the API promises, and leaves out what has no value', () => {
    const view = jobView(aJob(), spec, [aTask()]);
    expect(JobView.parse(view)).toEqual(view);
    expect(JSON.parse(JSON.stringify(view))).toEqual(view);
    expect(view).not.toHaveProperty('name');
    expect(view.verdict).toBeNull();
  });

  it('never shows what only the store needs', () => {
    const view = jobView(aJob({ checkAt: '2026-01-31T12:00:00.000Z' }), spec, [aTask({ leaseOwner: 'worker/nonce' })]);
    for (const hidden of ['tenant', 'slots', 'live', 'lastExpiryEpochSeconds', 'leaseOwner', 'checkAt'])
      expect(JSON.stringify(view)).not.toContain(`"${hidden}"`);
  });

  it('says of an ended job what its summary says', () => {
    const bySeverity = { critical: 0, high: 2, medium: 0, low: 0, info: 5 };
    const summary = { verdict: 'incomplete', bySeverity, covered: 3, uncovered: 1 } as const;
    expect(jobSummaryView(aJob({ summary }))).toMatchObject({
      verdict: 'incomplete',
      bySeverity,
      covered: 3,
      uncovered: 1,
    });
  });

  it('is the same to the byte in whatever order the stored maps come back', () => {
    const summary = { verdict: 'clean', covered: 1, uncovered: 0 } as const;
    const one = jobView(
      aJob({ summary: { ...summary, bySeverity: { critical: 0, high: 0, medium: 0, low: 0, info: 5 } } }),
      { ...spec, labels: { a: '1', b: '2' }, scanners: [{ name: 'nmap', options: { ports: '22', timing: 4 } }] },
      [
        aTask({
          progress: { current: 1, total: 2, percent: 50, message: 'm', details: 'd' },
          error: { code: 'c', message: 'm', retryable: false, stderrTail: 't' },
        }),
      ],
    );
    const other = jobView(
      aJob({
        summary: { ...summary, bySeverity: { info: 5, low: 0, medium: 0, high: 0, critical: 0 } },
        ended: { cancelled: 0, timedOut: 0, failed: 0, completed: 1 },
      }),
      { ...spec, labels: { b: '2', a: '1' }, scanners: [{ name: 'nmap', options: { timing: 4, ports: '22' } }] },
      [
        aTask({
          progress: { details: 'd', message: 'm', percent: 50, total: 2, current: 1 },
          error: { stderrTail: 't', retryable: false, message: 'm', code: 'c' },
        }),
      ],
    );
    expect(JSON.stringify(other)).toBe(JSON.stringify(one));
  });

  it('is the same in lists, without targets, options and tasks', () => {
    const view = jobSummaryView(aJob());
    expect(JobSummaryView.strict().parse(view)).toEqual(view);
  });
});

describe('how far a job is', () => {
  it.each<[string, Task[], number]>([
    ['nothing has begun', [aTask({ status: 'queued' }), aTask({ status: 'queued' })], 0],
    ['one of two is half done', [aTask({ status: 'running', progress: at(50) }), aTask({ status: 'queued' })], 25],
    [
      'one has ended, whatever its end',
      [aTask({ status: 'failed', progress: at(10) }), aTask({ status: 'queued' })],
      50,
    ],
    [
      'one was put back after some progress',
      [aTask({ status: 'queued', progress: at(80) }), aTask({ status: 'queued' })],
      0,
    ],
    ['all tasks have ended but the job has not', [aTask(), aTask()], 99.9],
    ['one of three has ended', [aTask(), aTask({ status: 'running' }), aTask({ status: 'cancelling' })], 33.3],
  ])('is seen from its tasks when %s', (_when, tasks, percent) => {
    expect(jobView(open('running', 1, tasks.length), spec, tasks).percent).toBe(percent);
  });

  it('is known without them by those that have ended', () => {
    expect(jobSummaryView(open('running', 3, 4)).percent).toBe(25);
    expect(jobSummaryView(open('queued', 4, 4)).percent).toBe(0);
    expect(jobSummaryView(aJob({ status: 'timed_out' })).percent).toBe(100);
  });

  it('counts the tasks in each state', () => {
    const tasks = [aTask(), aTask({ status: 'running' }), aTask({ status: 'cancelling' }), aTask({ status: 'queued' })];
    const { tasks: counts } = jobView(open('cancelling', 3, 4), spec, tasks);
    expect(counts).toEqual({ total: 4, queued: 1, running: 2, completed: 1, failed: 0, timedOut: 0, cancelled: 0 });
  });

  it('counts no task as running before the job does', () => {
    expect(jobSummaryView(open('queued', 2, 2)).tasks).toMatchObject({ queued: 2, running: 0 });
  });
});

describe('a task after a retry of its job', () => {
  const before = aTask({
    status: 'failed',
    round: 1,
    attempt: 3,
    failures: 3,
    endedAt: '2026-01-31T12:00:00.000Z',
    error: { code: 'scanner_failed', message: 'nmap ended with code 1', retryable: false },
    deadLetteredAt: '2026-01-31T12:00:00.000Z',
  });

  it('waits, and shows nothing of the round before but its attempts', () => {
    const { taskList } = jobView({ ...open('queued', 1, 1), round: 2 }, spec, [before]);
    expect(taskList).toEqual([
      {
        taskId: '0001',
        scanner: 'nmap',
        workerSize: 'small',
        targetCount: 1,
        status: 'queued',
        attempt: 3,
        failures: 0,
      },
    ]);
  });

  it('that had completed keeps its result', () => {
    const { taskList } = jobView({ ...open('queued', 1, 2), round: 2 }, spec, [aTask({ round: 1 })]);
    expect(taskList?.[0]?.status).toBe('completed');
  });

  it('shows its error in the round it failed in', () => {
    const { taskList } = jobView(aJob({ status: 'failed' }), spec, [before]);
    expect(taskList?.[0]).toMatchObject({ status: 'failed', failures: 3, error: { code: 'scanner_failed' } });
  });
});
