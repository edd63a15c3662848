import { expect, it } from 'vitest';
import { hasNextTry, sizeNeededAfter } from '#shared/task/next-try.ts';

it.each([
  ['exit', 'small', 0, true, undefined],
  ['exit', 'large', 1, true, undefined],
  ['exit', 'small', 2, false, undefined],
  ['oom', 'small', 0, true, 'large'],
  ['oom', 'small', 1, true, 'large'],
  ['oom', 'small', 2, false, 'large'],
  ['oom', 'large', 0, false, 'large'],
] as const)(
  '%s on a %s worker after %i failures: another try is %s, size %s',
  (code, workerSize, failures, again, size) => {
    expect(hasNextTry({ failures, workerSize }, { code }, { maxFailures: 3 })).toBe(again);
    expect(sizeNeededAfter({ code })).toBe(size);
  },
);

it('a task that was put back without an error keeps its size', () =>
  expect(sizeNeededAfter(undefined)).toBeUndefined());
