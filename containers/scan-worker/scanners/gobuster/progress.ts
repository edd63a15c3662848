/** How far a running gobuster is: it counts the words it tried, and we know how many there are. */
import { GobusterOptions } from '#shared/scanner/gobuster.ts';
import type { ProgressReader, ScanRun } from '../../scanner.ts';
import { wordsOf } from './command.ts';
import { gobusterLog } from './log.ts';

/** 100 is for the end. */
export function gobusterProgress(run: ScanRun): ProgressReader {
  const options = GobusterOptions.parse(run.options);
  const total = wordsOf(options).length * (1 + options.extensions.length);
  const log = gobusterLog();
  return {
    write(stream, chunk) {
      if (stream === 'stderr') log.write(chunk);
    },
    latest() {
      if (log.tried() < 0) return undefined;
      const current = Math.min(log.tried(), total);
      return { current, total, percent: Math.min(99, Math.floor((100 * current) / total)), message: options.mode };
    },
  };
}
