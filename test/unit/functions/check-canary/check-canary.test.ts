import { expect, it } from 'vitest';
import { checkCanary } from '#functions/check-canary/check-canary.ts';
import { captureLog } from '#test/support/log-lines.ts';

it.each([
  ['completed', 'clean', true],
  ['completed', 'findings', true],
  ['completed', 'incomplete', false],
  ['failed', 'no_verdict', false],
  ['timed_out', 'incomplete', false],
  ['cancelled', undefined, false],
] as const)('a canary that ended %s with verdict %s has passed: %s', (status, verdict, passed) => {
  const { lines } = captureLog();
  expect(checkCanary({ jobId: 'j', status, verdict })).toMatchObject({ passed });
  expect(lines).toEqual([expect.objectContaining({ CanariesPassed: passed ? 1 : 0 })]);
});
