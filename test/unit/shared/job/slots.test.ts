import { describe, expect, it } from 'vitest';
import { inOrderOfRelease, nextSlotStep, wantsSlots } from '#shared/job/slots.ts';
import { aJob } from '#test/support/job-records.ts';

const NOW = '2026-01-31T13:00:00.000Z';
const LATER = '2026-01-31T13:00:00.001Z';

describe('nextSlotStep', () => {
  it.each([
    // open, live, slots: what is done now, and what by somebody who has just ended a task
    [5, 5, 5, 'nothing', 'nothing'],
    [5, 3, 5, 'release', 'release'],
    [9, 5, 5, 'borrow', 'nothing'],
    [9, 0, 0, 'borrow', 'nothing'],
    [3, 3, 9, 'give_back', 'give_back'],
    // Half the slots, or what is left, or ten.
    [50, 17, 20, 'release', 'nothing'],
    [50, 10, 20, 'release', 'release'],
    [18, 17, 20, 'release', 'release'],
    [500, 91, 100, 'release', 'nothing'],
    [500, 90, 100, 'release', 'release'],
    [95, 95, 100, 'give_back', 'nothing'],
    [90, 90, 100, 'give_back', 'give_back'],
    [1, 1, 2, 'give_back', 'give_back'],
  ])('%i open, %i live, %i slots: %s, after an end %s', (openCount, live, slots, now, refill) => {
    expect(nextSlotStep(aJob({ openCount, live, slots }), 'now', NOW)).toBe(now);
    expect(nextSlotStep(aJob({ openCount, live, slots }), 'refill', NOW)).toBe(refill);
  });
});

describe('a job whose next task waits for its window', () => {
  it.each([
    // open, live, slots, opens: what is done, and whether it wants more
    [5, 0, 0, LATER, 'nothing', false],
    [5, 0, 0, NOW, 'borrow', true],
    [5, 2, 2, LATER, 'nothing', false],
    [5, 2, 5, LATER, 'give_back', false],
    [5, 2, 5, NOW, 'release', false],
    [5, 2, 2, NOW, 'borrow', true],
  ])('%i open, %i live, %i slots, opening at %s: %s', (openCount, live, slots, opensAt, step, wants) => {
    const job = aJob({ openCount, live, slots, opensAt });
    expect(nextSlotStep(job, 'now', NOW)).toBe(step);
    expect(wantsSlots(job, NOW)).toBe(wants);
  });
});

describe('a job that has spent what it may', () => {
  it.each([
    // open, live, slots, spent: what is done, and whether it wants more
    [5, 2, 5, 99, 'release', false],
    [5, 2, 5, 100, 'give_back', false],
    [5, 2, 2, 100, 'nothing', false],
    [5, 0, 0, 99, 'borrow', true],
    [5, 0, 0, 101, 'nothing', false],
  ])('%i open, %i live, %i slots, %i of 100 spent: %s', (openCount, live, slots, costNanoUsd, step, wants) => {
    const job = aJob({ openCount, live, slots, costNanoUsd, maxCostNanoUsd: 100 });
    expect(nextSlotStep(job, 'now', NOW)).toBe(step);
    expect(wantsSlots(job, NOW)).toBe(wants);
  });
});

describe('wantsSlots', () => {
  it.each([
    [3, 2, true],
    [3, 3, false],
    [3, 5, false],
  ])('%i open tasks and %i slots: %s', (openCount, slots, wants) => {
    expect(wantsSlots(aJob({ openCount, slots, live: 0 }), NOW)).toBe(wants);
  });
});

it('puts high priority first, then the oldest', () => {
  const jobs = [
    aJob({ name: 'low', priority: 'low', createdAt: '2026-01-31T10:00:00.000Z' }),
    aJob({ name: 'younger', priority: 'normal', createdAt: '2026-01-31T12:00:00.000Z' }),
    aJob({ name: 'high', priority: 'high', createdAt: '2026-01-31T13:00:00.000Z' }),
    aJob({ name: 'older', priority: 'normal', createdAt: '2026-01-31T11:00:00.000Z' }),
  ];
  expect(jobs.sort(inOrderOfRelease).map(({ name }) => name)).toEqual(['high', 'older', 'younger', 'low']);
});
