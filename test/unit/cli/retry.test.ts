import { describe, expect, it } from 'vitest';
import { ApiError } from '#cli/api-error.ts';
import { retryDelayMs, retrying } from '#cli/retry.ts';
import { ForbiddenError, UnavailableError } from '#shared/errors.ts';

const lost = new UnavailableError('unreachable', 'x');
const answer = (status: number, retryAfterSeconds?: number) =>
  new ApiError({ status, code: 'x', message: 'x', retryAfterSeconds });

describe('retryDelayMs', () => {
  it.each([
    ['no answer', lost, 1, 1, 200],
    ['no answer, the third time', lost, 3, 1, 800],
    ['no answer, with luck', lost, 3, 0, 0],
    ['500', answer(500), 1, 0.5, 100],
    ['503', answer(503), 2, 0.5, 200],
    ['429 without Retry-After', answer(429), 1, 1, 200],
    ['429 that says 3 s', answer(429, 3), 1, 0.5, 3_100],
  ])('after %s waits', (_, error, attempt, random, ms) => expect(retryDelayMs(error, attempt, random)).toBe(ms));

  it.each([
    ['400', answer(400)],
    ['403', answer(403)],
    ['404', answer(404)],
    ['409', answer(409)],
    ['429 that says 21 s', answer(429, 21)],
    ['no credentials', new ForbiddenError('no_credentials', 'x')],
    ['a fault of our own', new TypeError('x')],
  ])('does not try again after %s', (_, error) => expect(retryDelayMs(error, 1, 0.5)).toBeUndefined());
});

describe('retrying', () => {
  const running = (outcomes: readonly (Error | string)[]) => {
    const slept: number[] = [];
    let calls = 0;
    const deps = { random: () => 1, sleep: async (ms: number) => void slept.push(ms) };
    const operation = async () => {
      const outcome = outcomes[calls] ?? new Error('called too often');
      calls += 1;
      if (outcome instanceof Error) throw outcome;
      return outcome;
    };
    return { result: retrying(deps, new AbortController().signal, operation), slept, calls: () => calls };
  };

  it('returns the first success', async () => {
    const run = running([lost, answer(503), 'done']);
    expect(await run.result).toBe('done');
    expect(run.slept).toEqual([200, 400]);
  });

  it('gives up after five tries with the last reason', async () => {
    const run = running([lost, lost, lost, lost, answer(502)]);
    await expect(run.result).rejects.toMatchObject({ status: 502 });
    expect(run.calls()).toBe(5);
  });

  it('does not repeat what cannot get better', async () => {
    const run = running([answer(400)]);
    await expect(run.result).rejects.toMatchObject({ status: 400 });
    expect(run.calls()).toBe(1);
  });
});
