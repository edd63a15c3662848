import { expect, it } from 'vitest';
import type { ProgressReader } from '#containers/scan-worker/scanner.ts';
import { taskProgress } from '#containers/scan-worker/task-progress.ts';

const reader = (percent: number | undefined): ProgressReader => ({
  write: () => undefined,
  latest: () =>
    percent === undefined ? undefined : { current: percent, total: 100, percent, message: `at ${percent}` },
});

it('is unknown until the scanner says something', () => {
  const progress = taskProgress();
  expect(progress.latest()).toBeUndefined();
  progress.follow(reader(undefined), { done: 0, targets: 2, total: 2 });
  expect(progress.latest()).toBeUndefined();
});

it('is the scanner’s own when all targets are in one group', () => {
  const progress = taskProgress();
  progress.follow(reader(40), { done: 0, targets: 2, total: 2 });
  expect(progress.latest()).toEqual({ current: 40, total: 100, percent: 40, message: 'at 40' });
});

it('counts targets over several groups', () => {
  const progress = taskProgress();
  progress.follow(reader(50), { done: 0, targets: 4, total: 10 });
  expect(progress.latest()).toMatchObject({ current: 2, total: 10, percent: 20 });
  progress.follow(reader(50), { done: 4, targets: 6, total: 10 });
  expect(progress.latest()).toMatchObject({ current: 7, total: 10, percent: 70 });
});

it('never falls', () => {
  const progress = taskProgress();
  progress.follow(reader(60), { done: 0, targets: 1, total: 1 });
  progress.latest();
  progress.follow(reader(10), { done: 0, targets: 1, total: 1 });
  expect(progress.latest()?.percent).toBe(60);
});
