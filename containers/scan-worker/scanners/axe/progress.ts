/** How far a run is: the runner tells how many pages are done, and how many there are to do as far as it knows. */
import type { Progress } from '#shared/task/task.ts';
import type { ProgressReader } from '../../scanner.ts';
import { RunnerProgress } from './request.ts';

const MAX_LINE_CHARS = 4 * 1024;

/** Percent never falls, though more pages come to be known. 100 is for the end. */
export function axeProgress(): ProgressReader {
  const decoder = new TextDecoder();
  let rest = '';
  let latest: Progress | undefined;
  const readLine = (line: string) => {
    const told = progressIn(line);
    if (told === undefined) return;
    const { pages, of } = told;
    const percent = Math.min(99, Math.floor((100 * pages) / of));
    latest = {
      current: pages,
      total: Math.max(of, pages),
      percent: Math.max(latest?.percent ?? 0, percent),
      message: `${pages} of ${of} pages`,
    };
  };
  return {
    write(stream, chunk) {
      if (stream !== 'stderr') return;
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = (lines.pop() ?? '').slice(0, MAX_LINE_CHARS);
      for (const line of lines) readLine(line);
    },
    latest: () => latest,
  };
}

/** Undefined for a line that is something else. */
function progressIn(line: string): RunnerProgress | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return RunnerProgress.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
