import { expect, it } from 'vitest';
import { backoffSeconds } from '#shared/task/backoff.ts';

it.each([
  [30, 0, 30],
  [30, 1, 60],
  [30, 2, 120],
  [30, 4, 480],
  [30, 5, 900],
  [30, 99, 900],
  [0, 3, 0],
])('%i s after %i earlier failures: up to %i s', (base, failures, most) => {
  expect(backoffSeconds(base, failures, () => 0)).toBe(0);
  expect(backoffSeconds(base, failures, () => 0.5)).toBe(most / 2);
  expect(backoffSeconds(base, failures, () => 1)).toBe(most);
});
