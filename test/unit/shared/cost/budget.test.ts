import { describe, expect, it } from 'vitest';
import { capOf, isSpent } from '#shared/cost/budget.ts';
import { ValidationError } from '#shared/errors.ts';
import { aJob } from '#test/support/job-records.ts';

describe("a job's cap", () => {
  it.each([
    [99, 100, false],
    [100, 100, true],
    [101, 100, true],
    [1e12, undefined, false],
  ])('of which %i billionths of %s are spent, is reached: %s', (costNanoUsd, maxCostNanoUsd, spent) => {
    const cap = maxCostNanoUsd === undefined ? {} : { maxCostNanoUsd };
    expect(isSpent(aJob({ costNanoUsd, ...cap }))).toBe(spent);
  });

  it.each([
    ['nothing said', undefined, 10, { maxCostNanoUsd: 10_000_000_000 }],
    ['less', 0.5, 10, { maxCostNanoUsd: 500_000_000 }],
    ['as much', 10, 10, { maxCostNanoUsd: 10_000_000_000 }],
    ['nothing said where there is none', undefined, Number.POSITIVE_INFINITY, {}],
    ['anything where there is none', 70, Number.POSITIVE_INFINITY, { maxCostNanoUsd: 70_000_000_000 }],
  ])('with %s by its caller', (_, maxCostUsd, jobBudgetUsd, cap) => {
    expect(capOf(maxCostUsd, { jobBudgetUsd })).toEqual(cap);
  });

  it("is never above the deployment's", () => {
    expect(() => capOf(10.01, { jobBudgetUsd: 10 })).toThrow(ValidationError);
    expect(() => capOf(10.01, { jobBudgetUsd: 10 })).toThrow('maxCostUsd must be at most 10');
  });
});
