import { expect, it } from 'vitest';
import { epochSecondsOf, secondsAfter } from '#shared/time.ts';

it('adds seconds, and takes them away, across a day', () => {
  expect(secondsAfter('2026-01-31T23:59:59.500Z', 1.25)).toBe('2026-02-01T00:00:00.750Z');
  expect(secondsAfter(new Date('2026-01-01T00:00:00.000Z'), -1)).toBe('2025-12-31T23:59:59.000Z');
});

it('rounds up to whole seconds, so that nothing expires early', () => {
  expect(epochSecondsOf('1970-01-01T00:01:40.000Z')).toBe(100);
  expect(epochSecondsOf('1970-01-01T00:01:40.001Z')).toBe(101);
});
