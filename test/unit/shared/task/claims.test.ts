import { expect, it } from 'vitest';
import { endClaim } from '#shared/task/claims.ts';
import type { Claim } from '#shared/task/task.ts';

const AT = '2026-01-31T12:00:00.000Z';
const END = '2026-01-31T12:01:00.000Z';
const claims = (count: number): Claim[] =>
  Array.from({ length: count }, (_, at) => ({ attempt: at + 1, worker: 'w', at: AT }));

it('ends the last claim and leaves the others', () => {
  expect(endClaim(claims(2), END, 'shutdown')).toEqual([
    { attempt: 1, worker: 'w', at: AT },
    { attempt: 2, worker: 'w', at: AT, endedAt: END, why: 'shutdown' },
  ]);
});

it('keeps the newest 20', () => {
  const kept = endClaim(claims(25), END, 'lease_lost');
  expect(kept.map(({ attempt }) => attempt)).toEqual([
    6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
  ]);
});

it('has nothing to end without a claim', () => {
  expect(endClaim([], END, 'cancelled')).toEqual([]);
});
