import { expect, it } from 'vitest';
import { targetsFitInSpec } from '#shared/job/job.ts';

it('keeps up to 1 KB of JSON with the job, counted in bytes', () => {
  // Brackets and quotes are four bytes.
  expect(targetsFitInSpec(['a'.repeat(1_020)])).toBe(true);
  expect(targetsFitInSpec(['a'.repeat(1_021)])).toBe(false);
  expect(targetsFitInSpec(['é'.repeat(511)])).toBe(false);
});
