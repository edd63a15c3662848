/** A page of what happened to each target of a job. */
import { CorruptError } from '../errors.ts';
import type { CoverageStatus } from '../finding/coverage.ts';
import type { Results } from '../finding/results.ts';
import type { JobRecords } from '../job/records.ts';
import type { Task } from '../task/task.ts';
import { reportCoverage } from './coverage.ts';
import { type PageRequest, planPage } from './page.ts';
import type { ReportCoverage } from './source.ts';

export interface CoveragePage {
  readonly coverage: readonly ReportCoverage[];
  readonly total: number;
  readonly complete: boolean;
  /** Where the next page starts. */
  readonly after?: string;
}

/** Of one status only, where that is given. */
export async function coveragePage(
  results: Results,
  records: JobRecords,
  status: CoverageStatus | undefined,
  request: PageRequest,
): Promise<CoveragePage> {
  const rowsOf = (task: Task) => countOf(task, status);
  const plan = planPage(records.job, records.tasks, rowsOf, request);
  const rows: ReportCoverage[] = [];
  for await (const entries of reportCoverage(results, { ...records, tasks: plan.tasks }))
    rows.push(...entries.filter((entry) => status === undefined || entry.status === status));
  const expected = plan.tasks.reduce((sum, task) => sum + rowsOf(task), 0);
  if (rows.length !== expected)
    throw new CorruptError(
      'result_count',
      `the results cover ${rows.length} targets where their tasks recorded ${expected}`,
    );
  const coverage = rows.slice(plan.skip, plan.skip + request.limit);
  const after = plan.next(coverage.length);
  return { coverage, total: plan.total, complete: plan.complete, ...(after === undefined ? {} : { after }) };
}

/** A task that left no result scanned none of its targets. */
function countOf({ result, slice }: Task, status: CoverageStatus | undefined): number {
  if (result === undefined) return status === undefined || status === 'not_scanned' ? slice.count : 0;
  const counts = result.coverage.flatMap(({ range: _, ...counted }) =>
    status === undefined ? Object.values(counted) : [counted[status]],
  );
  return counts.reduce((sum, count) => sum + count, 0);
}
