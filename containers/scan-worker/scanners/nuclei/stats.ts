/**
 * What nuclei says on stderr of how it goes: once a second an object of counters, all of them texts (`-stats -stats-json
 * -stats-interval 1`), and a line for each endpoint it gives up after too many errors in a row (`-max-host-error`).
 */
import { isObject, numberAt } from '../../json/fields.ts';

export interface NucleiStats {
  readonly requests: number;
  /** May be 0 at first, and grow. */
  readonly total: number;
  readonly errors: number;
  readonly matched: number;
}

const MAX_LINE_CHARS = 16 * 1024;
const MAX_SKIPPED = 50;
const SKIPPED = /Skipped (\S{1,300}) from target list as found unresponsive/;

export function nucleiStats() {
  const decoder = new TextDecoder();
  const skipped = new Set<string>();
  let newest: NucleiStats | undefined;
  let rest = '';
  const readLine = (line: string) => {
    newest = statsIn(line) ?? newest;
    const endpoint = SKIPPED.exec(line)?.[1];
    if (endpoint !== undefined && skipped.size < MAX_SKIPPED) skipped.add(endpoint);
  };
  return {
    write(chunk: Uint8Array): void {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = (lines.pop() ?? '').slice(0, MAX_LINE_CHARS);
      for (const line of lines) readLine(line);
    },
    latest: () => newest,
    /** The last counters, -1 where none came; `skipped`: the endpoints given up, joined by spaces. */
    details() {
      readLine(rest);
      const { requests, total, errors } = newest ?? { requests: -1, total: -1, errors: -1 };
      return { requests, total, errors, skipped: [...skipped].join(' ') };
    },
  };
}

/** Undefined for a line that is something else. */
function statsIn(line: string): NucleiStats | undefined {
  if (!line.startsWith('{')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  const requests = numberAt(value, 'requests');
  if (requests === undefined) return undefined;
  const count = (key: string) => numberAt(value as Record<string, unknown>, key) ?? 0;
  return { requests, total: count('total'), errors: count('errors'), matched: count('matched') };
}
