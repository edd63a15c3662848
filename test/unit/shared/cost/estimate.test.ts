import { describe, expect, it } from 'vitest';
import type { StatsResponse } from '#shared/contracts/stats.ts';
import { estimateOf } from '#shared/cost/estimate.ts';
import type { PlannedTask } from '#shared/job/job.ts';
import type { ScannerName, ScannerRequest } from '#shared/scanner/definition.ts';

const tasksOf = (scanner: ScannerName, counts: readonly number[]): PlannedTask[] =>
  counts.map((count, at) => ({
    scanner,
    workerSize: scanner === 'axe' ? 'large' : 'small',
    slice: { from: 64 * at, count },
  }));
const nmap = (options: ScannerRequest['options'] = {}): ScannerRequest => ({ name: 'nmap', options });

const recent = (changes: object = {}): StatsResponse['scanners'][number] => ({
  scanner: 'nmap',
  jobs: 1,
  jobRetries: 0,
  tasks: { completed: 3, failed: 1, timedOut: 0, cancelled: 5 },
  completionRate: 0.75,
  findings: 0,
  averageDurationMs: 20_000,
  runsAgain: 0,
  leasesLost: 0,
  hostBusy: 0,
  usage: { workerSeconds: 40, storedBytes: 4_000_000, costUsd: 1 },
  cancellations: { requested: 0, forced: 0, successRate: null, averageMs: null },
  ...changes,
});

describe('an estimate', () => {
  it("goes by the tenant's own recent tasks: their worker time, duration and results, each on average", () => {
    const workerHourUsd = { small: 0.36, large: 0 };
    const tasks = tasksOf('nmap', [64, 64]);
    const { scanners, costUsd } = estimateOf(tasks, [nmap()], { recent: [recent()], workerHourUsd });
    // Of four tasks that ran: 10 s of a worker and 1 MB each. 20 s at 0.0001 USD a second; kept for 7 of 30 days.
    expect(scanners).toMatchObject([{ tasks: 2, targets: 128, workerSeconds: 20 }]);
    expect(scanners[0]?.source).toBe('your own 4 tasks of the last 30 days, on average');
    expect(scanners[0]?.usd.workers).toBeCloseTo(0.002, 10);
    expect(scanners[0]?.usd.storage).toBeCloseTo(0.002 * 0.023 * (7 / 30), 10);
    // Twice 29,550 billionths, and 40 s of a lease at 145.8.
    expect(scanners[0]?.usd.requests).toBeCloseTo(0.000_064_933, 8);
    expect(costUsd).toBeCloseTo(0.002 + 0.000_064_933 + 0.002 * 0.023 * (7 / 30), 8);
  });

  it.each([
    ['nothing was run', undefined],
    ['nothing was measured yet', recent({ usage: { workerSeconds: 0, storedBytes: 0, costUsd: 0 } })],
    ['no task ran', recent({ averageDurationMs: null })],
  ])('assumes where %s', (_, stats) => {
    const { scanners } = estimateOf(tasksOf('nmap', [10]), [nmap()], stats ? { recent: [stats] } : {});
    expect(scanners).toMatchObject([{ workerSeconds: 11, source: expect.stringContaining('a probe for each port') }]);
  });

  it.each([
    ['nmap', {}, 1],
    ['nmap', { topPorts: 100 }, 0.1],
    ['nmap', { ports: '22,80,8000-8100' }, 0.103],
    ['nuclei', {}, 53.333],
    ['gobuster', { extensions: ['php', 'bak'] }, 100],
    ['nessus', {}, 60],
    ['axe', { mode: 'testing', maxPages: 20 }, 1.3],
    ['axe', { mode: 'discovery', maxPages: 20 }, 26],
  ] as const)('assumes of %s with %j that a target takes so many seconds: %f', (name, options, seconds) => {
    const [one] = estimateOf(tasksOf(name, [1]), [{ name, options }]).scanners;
    expect(one?.workerSeconds).toBeCloseTo(1 + seconds, 2);
  });

  it('divides a worker among as many tasks as it runs side by side', () => {
    const side = (scanner: ScannerName, tasks: number) =>
      estimateOf(tasksOf(scanner, Array(tasks).fill(1)), [{ name: scanner, options: {} }]).scanners[0]?.workerSeconds;
    // 2 s each: alone, two of them, three, six; and a browser always has a worker of its own.
    expect([1, 2, 3, 6].map((tasks) => side('nmap', tasks))).toEqual([2, 2, 2, 4]);
    expect(side('axe', 3)).toBeCloseTo(6.9, 5);
  });

  it('says what comes on top: requests about the job, and workers that start and wait', () => {
    const { overhead, prices } = estimateOf(tasksOf('nmap', Array(7).fill(1)), [nmap()]);
    // Three workers of three slots for two minutes, at 0.02475 USD an hour.
    expect(overhead.idleWorkersUsd).toBeCloseTo((3 * 2 * 0.02475) / 60, 10);
    expect(overhead.jobRequestsUsd).toBeGreaterThan(0);
    expect(prices).toEqual({ asOf: '2026-03', region: 'us-east-1' });
  });
});
