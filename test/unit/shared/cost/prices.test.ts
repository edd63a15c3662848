import { describe, expect, it } from 'vitest';
import { PRICES, workerHourUsd } from '#shared/cost/prices.ts';
import { DEFAULT_LIMITS } from '#shared/limits.ts';
import { WORKER_RESOURCES } from '#shared/scanner/definition.ts';

describe("an hour of a worker, by AWS's list", () => {
  it.each([
    // 0.5 × 0.03238 + 1 × 0.00356 + 0.005, and so on.
    ['small', 'arm64', 0.02475],
    ['large', 'arm64', 0.084],
    ['small', 'x86_64', 0.029685],
    ['large', 'x86_64', 0.10374],
  ] as const)('%s on %s costs %f USD', (size, architecture, usd) => {
    expect(workerHourUsd(WORKER_RESOURCES[size], PRICES.fargate[architecture])).toBeCloseTo(usd, 10);
  });

  it('on arm64 is what is counted by default', () => {
    const { smallWorkerHourUsd, largeWorkerHourUsd } = DEFAULT_LIMITS;
    const byList = (size: 'small' | 'large') => workerHourUsd(WORKER_RESOURCES[size], PRICES.fargate.arm64);
    expect(smallWorkerHourUsd).toBeCloseTo(byList('small'), 10);
    expect(largeWorkerHourUsd).toBeCloseTo(byList('large'), 10);
  });
});
