/** `scanfleet stats` as a process. */
import { describe, expect } from 'vitest';
import type { StatsResponse } from '#shared/contracts/stats.ts';
import { it } from '#test/support/cli-test.ts';
import { json, problem } from '#test/support/contract-server.ts';

const figures = {
  jobs: 3,
  jobRetries: 1,
  tasks: { completed: 2, failed: 1, timedOut: 0, cancelled: 4 },
  completionRate: 0.6667,
  findings: 9,
  averageDurationMs: 1_250,
  runsAgain: 5,
  leasesLost: 6,
  hostBusy: 7,
  usage: { workerSeconds: 3.75, storedBytes: 4_096, costUsd: 0.0123 },
  cancellations: { requested: 2, forced: 1, successRate: 0.5, averageMs: 900 },
};
const none = {
  ...figures,
  completionRate: null,
  averageDurationMs: null,
  cancellations: { ...figures.cancellations, forced: 0 },
};
const stats: StatsResponse = {
  from: '2026-01-30',
  to: '2026-01-31',
  days: [{ day: '2026-01-31', scanner: 'nmap', ...figures }],
  scanners: [{ scanner: 'nmap', ...none }],
  budget: { jobUsd: 10, dayUsd: 50, spentTodayUsd: 0.0123, workerHourUsd: { small: 0.02475, large: 0.084 } },
};

describe('stats', () => {
  it('shows each day, then all of them', async ({ server, scanfleet }) => {
    server.answer(json(200, stats));
    const { stdout } = await scanfleet('stats', '--from', '2026-01-30', '--to', '2026-01-31');
    expect(stdout.split('\n').map((line) => line.trim().split(/ {2,}/))).toEqual([
      [
        ...['DAY', 'SCANNER', 'JOBS', 'TASKS', 'COMPLETED', 'AVERAGE'],
        ...['FINDINGS', 'RUN AGAIN', 'LEASES LOST', 'HOST BUSY', 'CANCELS', 'USD'],
      ],
      ['2026-01-31', 'nmap', '3', '7', '66.6%', '1.3 s', '9', '5', '6', '7', '2 (1 forced)', '0.012'],
      ['all', 'nmap', '3', '7', '-', '-', '9', '5', '6', '7', '2', '0.012'],
      [''],
    ]);
    expect(server.received[0]?.url.search).toBe('?from=2026-01-30&to=2026-01-31');
  });

  it('--json is what the service said', async ({ server, scanfleet }) => {
    server.answer(json(200, stats));
    expect(JSON.parse((await scanfleet('stats', '--json')).stdout)).toEqual(stats);
    expect(server.received[0]?.url.search).toBe('');
  });

  it('tells which day is wrong', async ({ server, scanfleet }) => {
    expect(await scanfleet('stats', '--from', 'yesterday')).toMatchObject({ code: 2 });
    expect(server.received).toEqual([]);
    server.answer(problem(400, 'invalid_request', { errors: [{ field: 'from', message: 'must not be after to' }] }));
    expect(await scanfleet('stats', '--from', '2026-02-02', '--to', '2026-02-01')).toMatchObject({ code: 2 });
  });
});
