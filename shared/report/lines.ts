/** A job's findings as NDJSON, as a report shows them: those severe enough, with the fields of the profile. */
import { CorruptError } from '../errors.ts';
import type { Finding } from '../finding/finding.ts';
import type { Results } from '../finding/results.ts';
import { atLeast, SEVERITIES, type Severity } from '../finding/severity.ts';
import type { TaskResult } from '../task/task.ts';
import { gunzipped } from './bytes.ts';
import { type Profile, show } from './profile.ts';
import { wholeMembers } from './task-findings.ts';

export interface Selection {
  readonly profile: Profile;
  /** The least severe to show. */
  readonly severity: Severity;
}

/** Nothing to leave out: findings go out as the worker wrote them, without being parsed. */
export const showsAll = ({ profile, severity }: Selection): boolean => profile === 'full' && severity === 'info';

/** How many findings of each severity `selection` shows. */
export const countShown = (of: readonly TaskResult[], { severity }: Selection): Record<Severity, number> => {
  const counts = SEVERITIES.map((level): [Severity, number] => [
    level,
    atLeast(level, severity) ? of.reduce((sum, { bySeverity }) => sum + bySeverity[level], 0) : 0,
  ]);
  return Object.fromEntries(counts) as Record<Severity, number>;
};

/**
 * Lines, each ended by a newline, in chunks of no particular size that are the reader's to change. Throws CorruptError at the end unless
 * there were `expected` of them.
 */
export async function* shownLines(
  results: Results,
  of: readonly TaskResult[],
  selection: Selection,
  expected: number,
): AsyncGenerator<Buffer> {
  let count = 0;
  for await (const { bytes } of wholeMembers(results, of)) {
    const plain = gunzipped(bytes);
    for await (const chunk of showsAll(selection) ? plain : selected(plain, selection)) {
      count += countLines(chunk);
      yield chunk;
    }
  }
  if (count !== expected)
    throw new CorruptError('result_count', `the results hold ${count} findings where their tasks recorded ${expected}`);
}

const NEWLINE = 0x0a;

function countLines(chunk: Buffer): number {
  let count = 0;
  for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}

/** One chunk out for one chunk in, so that neither memory nor the number of writes grows. */
async function* selected(plain: AsyncIterable<Buffer>, selection: Selection): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of plain) {
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end === 0) {
      rest = Buffer.concat([rest, chunk]);
      continue;
    }
    const text = Buffer.concat([rest, chunk.subarray(0, end)]).toString();
    rest = chunk.subarray(end);
    const lines = text.split('\n', countLines(chunk.subarray(0, end))).flatMap((line) => selectedLine(line, selection));
    if (lines.length > 0) yield Buffer.from(lines.join(''));
  }
}

function selectedLine(line: string, { profile, severity }: Selection): string[] {
  const finding = findingOf(line);
  return atLeast(finding.severity, severity) ? [`${JSON.stringify(show(finding, profile))}\n`] : [];
}

/** CorruptError `result_line` for what is none. */
export function findingOf(line: string): Finding {
  const finding: unknown = JSON.parse(line);
  if (isFinding(finding)) return finding;
  throw new CorruptError('result_line', 'a result holds a line that is not a finding');
}

/** Our own worker wrote the line: what is asked is only what is used here. */
const isFinding = (value: unknown): value is Finding =>
  typeof value === 'object' &&
  value !== null &&
  'severity' in value &&
  (SEVERITIES as readonly unknown[]).includes(value.severity);
