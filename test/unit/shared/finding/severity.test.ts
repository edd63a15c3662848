import { describe, expect, it } from 'vitest';
import { addCounts, atLeast, noFindings, severityOfCvss } from '#shared/finding/severity.ts';

describe('severity', () => {
  // biome-ignore format: a table reads by column
  it.each([
    [10, 'critical'], [9, 'critical'], [8.9, 'high'], [7, 'high'], [6.9, 'medium'], [4, 'medium'], [3.9, 'low'], [0.1, 'low'], [0, 'info'],
  ])('of a CVSS score of %f is %s', (score, severity) => expect(severityOfCvss(score)).toBe(severity));

  // biome-ignore format: a table reads by column
  it.each([
    ['critical', 'info', true], ['high', 'high', true], ['medium', 'high', false], ['info', 'low', false], ['info', 'info', true],
  ] as const)('%s is at least %s: %s', (severity, floor, expected) => expect(atLeast(severity, floor)).toBe(expected));

  it('counts add up in place, and a fresh count is nobody else’s', () => {
    const total = noFindings();
    expect(addCounts(total, { critical: 1, high: 2, medium: 3, low: 4, info: 5 })).toBe(total);
    addCounts(total, { critical: 0, high: 0, medium: 0, low: 0, info: 1 });
    expect(total).toEqual({ critical: 1, high: 2, medium: 3, low: 4, info: 6 });
    expect(noFindings()).toEqual({ critical: 0, high: 0, medium: 0, low: 0, info: 0 });
  });
});
