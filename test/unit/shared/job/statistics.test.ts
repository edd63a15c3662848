import { describe, expect, it } from 'vitest';
import { FIGURES, type Figures, figuresOf, figuresView, sumOf } from '#shared/job/statistics.ts';
import type { Claim } from '#shared/task/task.ts';
import { aJob, aTask } from '#test/support/job-records.ts';
import { aResult } from '#test/support/store-under-test.ts';

const at = (second: number) => `2026-01-31T12:00:${String(second).padStart(2, '0')}.000Z`;
const END = at(50);
const NOTHING = Object.fromEntries(FIGURES.map((name) => [name, 0])) as Figures;
const claim = (from: number, to: number, why: string): Claim => ({
  attempt: 1,
  worker: 'w',
  at: at(from),
  endedAt: at(to),
  why,
});

describe('figuresOf', () => {
  it('counts the tasks by their end, what they found, and how long those ran that ran', () => {
    const tasks = [
      aTask({ startedAt: at(1), endedAt: at(4), result: aResult(3) }),
      aTask({ status: 'failed', startedAt: at(2), endedAt: at(3), result: aResult(1) }),
      aTask({ status: 'timed_out', endedAt: at(9) }),
      aTask({ status: 'cancelled' }),
    ];
    expect(figuresOf(aJob(), tasks, 'nmap', END)).toEqual({
      ...NOTHING,
      jobs: 1,
      nCompleted: 1,
      nFailed: 1,
      nTimedOut: 1,
      nCancelled: 1,
      findings: 4,
      runs: 2,
      durationMs: 4_000,
    });
  });

  it('counts of each scanner its own', () => {
    const tasks = [aTask({ result: aResult(1) }), aTask({ scanner: 'axe', result: aResult(7) })];
    expect(figuresOf(aJob(), tasks, 'axe', END)).toMatchObject({ jobs: 1, nCompleted: 1, findings: 7 });
  });

  it('counts runs made again, leases lost and hosts that were busy', () => {
    const tasks = [
      aTask({
        hostBusy: 4,
        leasesLost: 1,
        claims: [claim(1, 2, 'lease_lost'), claim(3, 4, 'shutdown'), claim(5, 6, 'completed')],
      }),
      aTask({ hostBusy: 1, leasesLost: 1, claims: [claim(1, 2, 'lease_lost')] }),
      aTask({ claims: [] }),
    ];
    expect(figuresOf(aJob(), tasks, 'nmap', END)).toMatchObject({ runsAgain: 2, leasesLost: 2, hostBusy: 5 });
  });

  it('counts of a retried job this round alone', () => {
    const job = aJob({ round: 2, deadlineSeconds: 60, deadlineAt: '2026-01-31T12:01:10.000Z' });
    const tasks = [
      aTask({ round: 1, leasesLost: 5, result: aResult(9), claims: [claim(1, 2, 'lease_lost')] }),
      aTask({
        round: 2,
        leasesLost: 1,
        result: aResult(2),
        claims: [claim(1, 9, 'lease_lost'), claim(10, 11, 'lease_lost'), claim(12, 13, 'completed')],
      }),
    ];
    expect(figuresOf(job, tasks, 'nmap', END)).toMatchObject({
      jobs: 1,
      jobRetries: 1,
      nCompleted: 1,
      findings: 2,
      runsAgain: 1,
      leasesLost: 1,
    });
  });

  it("takes every claim of a first round for its own, though the worker's clock is behind", () => {
    const early: Claim = { ...claim(1, 2, 'shutdown'), at: '2026-01-31T11:59:59.000Z' };
    const tasks = [aTask({ claims: [early, claim(3, 4, 'completed')] })];
    expect(figuresOf(aJob(), tasks, 'nmap', END)).toMatchObject({ runsAgain: 1 });
  });

  it.each([
    ['was stopped by its worker', claim(30, 42, 'cancelled'), 0],
    ['did not stop', claim(30, 45, 'did_not_stop'), 1],
    ['had lost its worker by then', claim(30, 45, 'lease_lost'), 1],
    ['had lost a worker before', claim(30, 39, 'lease_lost'), 0],
  ])('counts a cancel, how long it took, and that a task %s', (_, last, cancelsForced) => {
    const job = aJob({ status: 'cancelled', stopReason: 'cancel', stopAt: at(40) });
    const figures = figuresOf(job, [aTask({ status: 'cancelled', claims: [last] })], 'nmap', END);
    expect(figures).toMatchObject({ cancels: 1, cancelsForced, cancelMs: 10_000 });
  });

  it('takes no passed deadline for a cancel', () => {
    const job = aJob({ status: 'timed_out', stopReason: 'deadline', stopAt: at(40) });
    const tasks = [aTask({ status: 'timed_out', claims: [claim(30, 45, 'did_not_stop')] })];
    expect(figuresOf(job, tasks, 'nmap', END)).toMatchObject({ cancels: 0, cancelsForced: 0, cancelMs: 0 });
  });
});

describe('figuresView', () => {
  it('has rates and averages, rounded', () => {
    const figures: Figures = {
      ...{ jobs: 5, jobRetries: 1, nCompleted: 2, nFailed: 1, nTimedOut: 0, nCancelled: 7, findings: 4 },
      ...{ runs: 3, durationMs: 1_000, runsAgain: 6, leasesLost: 8, hostBusy: 9 },
      ...{ cancels: 4, cancelsForced: 1, cancelMs: 10 },
      ...{ workerMs: 1_500, storedBytes: 200, costNanoUsd: 42_000 },
    };
    expect(figuresView(figures)).toEqual({
      jobs: 5,
      jobRetries: 1,
      tasks: { completed: 2, failed: 1, timedOut: 0, cancelled: 7 },
      completionRate: 0.6667,
      findings: 4,
      averageDurationMs: 333,
      runsAgain: 6,
      leasesLost: 8,
      hostBusy: 9,
      usage: { workerSeconds: 1.5, storedBytes: 200, costUsd: 0.000042 },
      cancellations: { requested: 4, forced: 1, successRate: 0.75, averageMs: 3 },
    });
  });

  it('has no rate and no average of nothing', () => {
    expect(figuresView(NOTHING)).toMatchObject({
      completionRate: null,
      averageDurationMs: null,
      cancellations: { successRate: null, averageMs: null },
    });
  });
});

it('sumOf adds figure by figure', () => {
  expect(sumOf([])).toEqual(NOTHING);
  const one = { ...NOTHING, jobs: 2, findings: 3 };
  expect(sumOf([one, { ...one, hostBusy: 1 }])).toEqual({ ...NOTHING, jobs: 4, findings: 6, hostBusy: 1 });
});
