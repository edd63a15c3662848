/** What happened to each target of a job, under each scanner: every task accounts for all of its targets, whether it ran or not. */
import { concurrently } from '../concurrently.ts';
import { CorruptError } from '../errors.ts';
import type { CoverageEntry } from '../finding/coverage.ts';
import { COVERAGE_FILE, type Results } from '../finding/results.ts';
import type { NotStarted } from '../follow-up/rule.ts';
import { type JobRecords, partsOf, type ReportRecords } from '../job/records.ts';
import { readTargets } from '../job/targets.ts';
import { expand } from '../target/plan.ts';
import type { Target } from '../target/target.ts';
import type { Task } from '../task/task.ts';
import { collect } from './bytes.ts';
import type { ReportCoverage } from './source.ts';

const AHEAD = 8;

/** The entries of each task, in task order. A task that left no result scanned nothing, and says why. */
export async function* reportCoverage(results: Results, records: JobRecords): AsyncGenerator<ReportCoverage[]> {
  const { job, spec, tasks } = records;
  const without = tasks.some(({ result }) => result === undefined);
  const targets = without ? await readTargets(results, job, spec) : [];
  const entriesOf = async (task: Task): Promise<CoverageEntry[]> =>
    task.result === undefined ? notScanned(task, targets) : await readEntries(results, task.result.prefix);
  yield* concurrently(tasks, AHEAD, async (task) =>
    (await entriesOf(task)).map((entry) => ({ scanner: task.scanner, ...entry })),
  );
}

/** Of one job, or of all jobs of a tree; then of scans that were called for and not started. */
export async function* treeCoverage(
  results: Results,
  records: ReportRecords,
): AsyncGenerator<readonly ReportCoverage[]> {
  for (const part of partsOf(records)) yield* reportCoverage(results, part);
  for (const { notStarted = [] } of records.whole?.jobs ?? []) yield notStarted.flatMap(notStartedEntries);
}

/** Of many, only the first are known by name. */
const notStartedEntries = ({ scanner, reason, targets, examples }: NotStarted): ReportCoverage[] =>
  examples.map((target, at) => {
    const others =
      at === examples.length - 1 && targets > examples.length ? `; nor were ${targets - examples.length} more` : '';
    return { scanner, target, host: target, status: 'not_scanned', reason: `not started: ${reason}${others}` };
  });

function notScanned(task: Task, targets: readonly Target[]): CoverageEntry[] {
  const reason = task.error?.message ?? `the task ended as ${task.status} before it had a result`;
  const entries: CoverageEntry[] = [];
  for (const { target, host } of expand(targets, task.slice))
    entries.push({ target: target.text, host, status: 'not_scanned', reason });
  return entries;
}

async function readEntries(results: Results, prefix: string): Promise<CoverageEntry[]> {
  const entries: unknown = JSON.parse((await collect(results.read(`${prefix}${COVERAGE_FILE}`))).toString());
  if (!isCoverage(entries))
    throw new CorruptError('result_coverage', `${prefix}${COVERAGE_FILE} is not a list of coverage`);
  return entries;
}

/** Our own worker wrote it: what is asked is only that nothing else was put there. */
const isCoverage = (value: unknown): value is CoverageEntry[] =>
  Array.isArray(value) && value.every((entry) => typeof entry === 'object' && entry !== null && 'status' in entry);
