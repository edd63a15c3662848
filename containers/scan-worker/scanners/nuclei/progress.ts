/** How far a running nuclei is, by its statistics. */
import type { Progress } from '#shared/task/task.ts';
import type { ProgressReader } from '../../scanner.ts';
import { nucleiStats } from './stats.ts';

/** Percent never falls, though the total may grow. 100 is for the end. */
export function nucleiProgress(): ProgressReader {
  const stats = nucleiStats();
  let latest: Progress | undefined;
  return {
    write(stream, chunk) {
      if (stream !== 'stderr') return;
      stats.write(chunk);
      const newest = stats.latest();
      if (newest === undefined) return;
      const { requests, total, matched, errors } = newest;
      const percent = total > 0 ? Math.min(99, Math.floor((100 * requests) / total)) : 0;
      latest = {
        current: requests,
        total: Math.max(total, requests),
        percent: Math.max(latest?.percent ?? 0, percent),
        message: `${matched} matched, ${errors} errors`,
      };
    },
    latest: () => latest,
  };
}
