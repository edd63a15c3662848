import { beforeEach, describe, expect, it } from 'vitest';
import type { CoverageEntry, CoverageStatus } from '#shared/finding/coverage.ts';
import type { JobRecords } from '#shared/job/records.ts';
import { coveragePage } from '#shared/report/coverage-page.ts';
import { aJob, aSpec, aTask, leaveResult } from '#test/support/job-records.ts';
import { type MemoryResults, memoryResults } from '#test/support/memory-results.ts';

const RANGE = '198.51.100.0/29';
const entry = (last: number, status: CoverageStatus): CoverageEntry => ({
  target: RANGE,
  host: `198.51.100.${last}`,
  status,
});

let results: MemoryResults;
/** Three tasks: three addresses scanned, two not because the scanner failed, three still running. */
let records: JobRecords;
beforeEach(async () => {
  results = memoryResults();
  const entries = [entry(0, 'down'), entry(1, 'reached'), entry(2, 'timed_out')];
  const error = { code: 'scanner_failed', message: 'nmap ended with code 1', retryable: false };
  records = {
    job: aJob({ status: 'running', taskCount: 3, openCount: 1 }),
    spec: aSpec({ targets: [RANGE], targetCount: 1 }),
    tasks: [
      aTask({
        slice: { from: 0, count: 3 },
        result: await leaveResult(results, { taskId: '0001', attempt: 1 }, [], entries),
      }),
      aTask({ taskId: '0002', slice: { from: 3, count: 2 }, status: 'failed', error }),
      aTask({ taskId: '0003', slice: { from: 5, count: 3 }, status: 'running' }),
    ],
  };
  results.reads.length = 0;
});

const page = (limit: number, after?: string, status?: CoverageStatus) =>
  coveragePage(results, records, status, { limit, ...(after === undefined ? {} : { after }) });
const hostsOf = ({ coverage }: { coverage: readonly CoverageEntry[] }) =>
  coverage.map(({ host, status }) => `${host.slice(-1)} ${status}`);

describe('a page of coverage', () => {
  it('gives the targets of tasks that have ended, also of one without a result', async () => {
    const first = await page(4);
    expect(hostsOf(first)).toEqual(['0 down', '1 reached', '2 timed_out', '3 not_scanned']);
    expect(first.coverage[3]).toEqual({
      scanner: 'nmap',
      target: RANGE,
      host: '198.51.100.3',
      status: 'not_scanned',
      reason: 'nmap ended with code 1',
    });
    const second = await page(4, first.after);
    expect(hostsOf(second)).toEqual(['4 not_scanned']);
    expect(second).toMatchObject({ total: 5, complete: false });
    expect(second.after).toBeUndefined();
  });

  it('gives those of one status alone, and reads only where there are some', async () => {
    expect(hostsOf(await page(1, undefined, 'reached'))).toEqual(['1 reached']);
    results.reads.length = 0;
    const missed = await page(9, undefined, 'not_scanned');
    expect([hostsOf(missed), missed.total]).toEqual([['3 not_scanned', '4 not_scanned'], 2]);
    expect(results.reads).toEqual([]);
  });

  it('is refused where a result covers other targets than its task recorded', async () => {
    await leaveResult(results, { taskId: '0001', attempt: 1 }, [], [entry(0, 'down')]);
    await expect(page(9)).rejects.toMatchObject({ code: 'result_count' });
  });
});
