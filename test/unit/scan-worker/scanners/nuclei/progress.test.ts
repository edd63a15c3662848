import { expect, it } from 'vitest';
import { nucleiProgress } from '#containers/scan-worker/scanners/nuclei/progress.ts';
import { statsLine } from '#test/support/nuclei.ts';

it('follows the statistics of nuclei, whose total grows, and never falls', () => {
  const progress = nucleiProgress();
  const after = (text: string, stream: 'stdout' | 'stderr' = 'stderr') => {
    progress.write(stream, Buffer.from(text));
    return progress.latest();
  };
  expect(after('[INF] loading\n')).toBeUndefined();
  expect(after(statsLine(5, 10), 'stdout')).toBeUndefined();
  expect(after(statsLine(0, 0))).toEqual({ current: 0, total: 0, percent: 0, message: '0 matched, 0 errors' });
  expect(after(statsLine(5, 10, 2))).toEqual({ current: 5, total: 10, percent: 50, message: '0 matched, 2 errors' });
  expect(after(statsLine(6, 60, 2))).toEqual({ current: 6, total: 60, percent: 50, message: '0 matched, 2 errors' });
  expect(after(statsLine(60, 60).slice(0, 20))?.percent).toBe(50);
  expect(after(statsLine(60, 60).slice(20))?.percent).toBe(99);
});
