import { describe, expect, it } from 'vitest';
import { addUsage, nanoUsdOf, usageIn, usageOf, usageOfLost, usageView } from '#shared/cost/usage.ts';
import { DEFAULT_LIMITS } from '#shared/limits.ts';

/** 0.036 USD an hour is ten billionths a millisecond. */
const limits = { ...DEFAULT_LIMITS, smallWorkerHourUsd: 0.036, largeWorkerHourUsd: 0.072, retentionSeconds: 2_592_000 };

/** By hand: 11 × 625 + 3 × 125 + 2 × 400 + 4 × 5,000 + 3,000 × 0.5 billionths. */
const REQUESTS = 29_550;
/** Of a second under a lease. */
const SECOND = 0.5 * 125 + (2 / 15) * 625;

describe('what an attempt used', () => {
  it.each([
    ['a small worker for a second', { workerSize: 'small', workerMs: 1_000, heldMs: 1_000 }, 10_000 + SECOND],
    ['a large one', { workerSize: 'large', workerMs: 1_000, heldMs: 1_000 }, 20_000 + SECOND],
    ['half of one', { workerSize: 'small', workerMs: 500, heldMs: 1_000 }, 5_000 + SECOND],
    ['no time', { workerSize: 'small', workerMs: 0, heldMs: 0 }, 0],
  ] as const)('of %s costs that and its requests', (_, run, nanoUsd) => {
    expect(usageOf({ ...run, storedBytes: 0 }, limits)).toEqual({
      workerMs: run.workerMs,
      storedBytes: 0,
      costNanoUsd: Math.round(REQUESTS + nanoUsd),
    });
  });

  it('counts the results for as long as they are kept: 1 MB for a month is 23,000 billionths', () => {
    const used = usageOf({ workerSize: 'small', workerMs: 0, heldMs: 0, storedBytes: 1_000_000 }, limits);
    expect(used).toEqual({ workerMs: 0, storedBytes: 1_000_000, costNanoUsd: REQUESTS + 23_000 });
  });

  it('is in whole milliseconds', () => {
    expect(usageOf({ workerSize: 'small', workerMs: 0.6, heldMs: 0, storedBytes: 0 }, limits).workerMs).toBe(1);
  });
});

describe('what a lost attempt used', () => {
  const startedAt = '2026-01-31T12:00:00.000Z';

  it.each([
    ['lived until it renewed its lease, 15 s after the claim', '2026-01-31T12:01:15.000Z', 15_000],
    ['never renewed it', '2026-01-31T12:01:00.000Z', 0],
    ['has a lease from before its clock was set', '2026-01-31T12:00:30.000Z', 0],
  ])('by a worker that %s', (_, leaseExpiresAt, workerMs) => {
    const used = usageOfLost({ workerSize: 'small', startedAt, leaseExpiresAt }, limits);
    expect(used).toEqual({
      workerMs,
      storedBytes: 0,
      costNanoUsd: Math.round(REQUESTS + workerMs * 10 + (workerMs / 1_000) * SECOND),
    });
  });

  it('is nothing where nobody held the task', () => {
    expect(usageOfLost({ workerSize: 'small' }, limits)).toEqual({ workerMs: 0, storedBytes: 0, costNanoUsd: 0 });
  });
});

describe('sums of usage', () => {
  it('add part by part, and take what is absent for nothing', () => {
    const one = { workerMs: 1, storedBytes: 2, costNanoUsd: 3 };
    expect(addUsage([one, {}, { costNanoUsd: 4 }])).toEqual({ workerMs: 1, storedBytes: 2, costNanoUsd: 7 });
    expect(addUsage([])).toEqual(usageIn({}));
  });

  it('are shown in seconds, bytes and dollars', () => {
    expect(usageView({ workerMs: 1_500, costNanoUsd: 2_000_000_000 })).toEqual({
      workerSeconds: 1.5,
      storedBytes: 0,
      costUsd: 2,
    });
    expect(nanoUsdOf(0.000_000_001_4)).toBe(1);
  });
});
