import { describe, expect, it } from 'vitest';
import { ApiError } from '#cli/api-error.ts';
import { exitCodeOf, exitCodeOfVerdict } from '#cli/exit-codes.ts';
import {
  ConflictError,
  CorruptError,
  ForbiddenError,
  LimitError,
  NotFoundError,
  UnavailableError,
  ValidationError,
} from '#shared/errors.ts';

describe('exit codes', () => {
  it.each([
    [400, 2],
    [401, 3],
    [403, 3],
    [404, 3],
    [409, 4],
    [413, 2],
    [429, 5],
    [500, 6],
    [502, 6],
    [503, 6],
    [504, 6],
    [418, 1],
  ])('the answer %i ends with %i', (status, code) =>
    expect(exitCodeOf(new ApiError({ status, code: 'x', message: 'x' }))).toBe(code),
  );

  it.each([
    [new ValidationError([]), 2],
    [new ForbiddenError('x', 'x'), 3],
    [new NotFoundError('x', 'x'), 3],
    [new ConflictError('x', 'x'), 4],
    [new LimitError('x', 'x', 1), 5],
    [new UnavailableError('x', 'x'), 6],
    [new CorruptError('x', 'x'), 1],
    [new TypeError('x'), 1],
    ['thrown text', 1],
  ])('%o ends with %i', (error, code) => expect(exitCodeOf(error)).toBe(code));

  it.each([
    ['clean', 0],
    ['findings', 10],
    ['incomplete', 11],
    ['no_verdict', 12],
    [null, 12],
  ] as const)('the verdict %s ends with %i', (verdict, code) => expect(exitCodeOfVerdict(verdict)).toBe(code));
});
