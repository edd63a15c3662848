/** A page of a job's findings: of what lies in the object store, only what the page needs is read. */
import { CorruptError } from '../errors.ts';
import type { Finding } from '../finding/finding.ts';
import type { Results } from '../finding/results.ts';
import { atLeast, SEVERITIES, type Severity } from '../finding/severity.ts';
import type { Job } from '../job/job.ts';
import type { Task, TaskResult } from '../task/task.ts';
import { linesOf } from '../text-lines.ts';
import { gunzipped } from './bytes.ts';
import { findingOf, type Selection } from './lines.ts';
import { type PageRequest, planPage } from './page.ts';
import { show } from './profile.ts';
import { type MemberBytes, resultsWithFindings, wholeMembers } from './task-findings.ts';

export interface FindingsPage {
  /** As the selection shows them, each as JSON. */
  readonly findings: readonly string[];
  readonly total: number;
  readonly complete: boolean;
  /** Where the next page starts. */
  readonly after?: string;
}

/** An answer in one piece ends at 6 MB ("Lambda quotas", synchronous payload); this leaves room for what JSON in JSON escapes. */
const MAX_PAGE_CHARS = 1_000_000;

/** A page of long findings ends before its limit. */
export async function findingsPage(
  results: Results,
  job: Pick<Job, 'status' | 'round'>,
  tasks: readonly Task[],
  selection: Selection,
  request: PageRequest,
): Promise<FindingsPage> {
  const { severity, profile } = selection;
  const rowsOf = ({ result }: Task) => (result === undefined ? 0 : countOf(result, severity));
  const plan = planPage(job, tasks, rowsOf, request);
  const findings: string[] = [];
  let chars = 0;
  for await (const finding of selected(results, resultsWithFindings(plan.tasks), severity, plan.skip)) {
    const text = JSON.stringify(show(finding, profile));
    chars += text.length;
    if (findings.length > 0 && chars > MAX_PAGE_CHARS) break;
    findings.push(text);
    if (findings.length === request.limit) break;
  }
  const after = plan.next(findings.length);
  return { findings, total: plan.total, complete: plan.complete, ...(after === undefined ? {} : { after }) };
}

const countOf = ({ bySeverity }: TaskResult, floor: Severity): number =>
  SEVERITIES.reduce((sum, severity) => sum + (atLeast(severity, floor) ? bySeverity[severity] : 0), 0);

async function* selected(
  results: Results,
  of: readonly TaskResult[],
  floor: Severity,
  skip: number,
): AsyncGenerator<Finding> {
  let left = skip;
  for await (const member of wholeMembers(results, of)) {
    yield* selectedOf(member, floor, left);
    left = 0;
  }
}

/** Throws CorruptError at the member's end when it held fewer than its task recorded. */
async function* selectedOf({ result, bytes }: MemberBytes, floor: Severity, skip: number): AsyncGenerator<Finding> {
  let count = 0;
  for await (const line of linesOf(gunzipped(bytes))) {
    count += 1;
    // Where every line is shown, those of earlier pages need not be parsed.
    if (floor === 'info' && count <= skip) continue;
    const finding = findingOf(line);
    if (!atLeast(finding.severity, floor)) count -= 1;
    else if (count > skip) yield finding;
  }
  const expected = countOf(result, floor);
  if (count !== expected)
    throw new CorruptError(
      'result_count',
      `${result.prefix} holds ${count} findings where its task recorded ${expected}`,
    );
}
