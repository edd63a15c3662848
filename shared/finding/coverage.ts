/** What happened to each target: the part of a result that says how far it can be believed. */
import type { Status } from '../status.ts';
import { addCounts, noFindings, SEVERITIES, type Severity, type SeverityCounts } from './severity.ts';

export const COVERAGE_STATUSES = ['reached', 'down', 'unresolved', 'denied', 'timed_out', 'not_scanned'] as const;
export type CoverageStatus = (typeof COVERAGE_STATUSES)[number];

/**
 * What became of one page of a target (axe). unreachable: no answer; tls: its certificate cannot be verified; status: an answer other than
 * 2xx; redirected_away: it leads to another origin; robots: robots.txt keeps robots from it; nothing_selected: it has nothing of what was to
 * be tested; crashed: the browser lost it.
 */
export const PAGE_RESULTS = [
  'tested',
  'unreachable',
  'tls',
  'status',
  'not_html',
  'timeout',
  'redirected_away',
  'robots',
  'nothing_selected',
  'crashed',
] as const;
export type PageResult = (typeof PAGE_RESULTS)[number];

export interface PageCoverage {
  readonly url: string;
  readonly result: PageResult;
  /** The status answered, the browser's own word, or where it leads. */
  readonly detail?: string;
}

/** One line of `coverage.json`: one address, name or URL under one scanner. */
export interface CoverageEntry {
  /** The job's target this belongs to, in canonical form: itself, or the CIDR it lies in. */
  readonly target: string;
  /** What was scanned: an address of the CIDR, or the target itself. */
  readonly host: string;
  /** The address really asked, where a name was given. */
  readonly address?: string;
  readonly status: CoverageStatus;
  /** Why, in the scanner's words or ours. */
  readonly reason?: string;
  /** How it was really scanned, as in `connect` for a TCP connect scan. */
  readonly technique?: string;
  /** The pages that were opened or left out, in order, where the scanner tests pages. */
  readonly pages?: readonly PageCoverage[];
}

/** How many entries of one CIDR (`range`), or of all single targets (no `range`), ended in each status. */
export type CoverageCounts = { readonly range?: string } & Readonly<Record<CoverageStatus, number>>;

/** Counts entries by range, single targets together. At most one item a range, so a task's counts stay small. */
export function countCoverage(entries: Iterable<CoverageEntry>): CoverageCounts[] {
  const counts = new Map<string, { range?: string } & Record<CoverageStatus, number>>();
  for (const { target, host, status } of entries) {
    const range = target === host ? '' : target;
    let row = counts.get(range);
    if (row === undefined) {
      row = {
        ...(range === '' ? {} : { range }),
        reached: 0,
        down: 0,
        unresolved: 0,
        denied: 0,
        timed_out: 0,
        not_scanned: 0,
      };
      counts.set(range, row);
    }
    row[status] += 1;
  }
  return [...counts.values()];
}

export const VERDICTS = ['clean', 'findings', 'incomplete', 'no_verdict'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** What a terminal job says of itself. Targets are counted once for each scanner. */
export interface Summary {
  readonly verdict: Verdict;
  readonly bySeverity: SeverityCounts;
  readonly covered: number;
  readonly uncovered: number;
}

/** The parts of a task that the summary is made from. */
export interface SummarisedTask {
  readonly status: Status;
  readonly scanner: string;
  readonly targetCount: number;
  readonly result?: { readonly bySeverity: Readonly<SeverityCounts>; readonly coverage: readonly CoverageCounts[] };
}

/**
 * Adds up the tasks of a job. `down` counts as covered only for an address of a CIDR in which that scanner reached at least one
 * address, in whichever task; a task that failed or left no result covered nothing; and what a task does not account for is uncovered. What it accounts
 * for beyond its targets counts too: an import is one target, and which hosts it has is known once it is read.
 */
export function summarise(tasks: readonly SummarisedTask[]): Summary {
  const bySeverity = noFindings();
  for (const { result } of tasks) if (result) addCounts(bySeverity, result.bySeverity);
  const total = tasks.reduce((sum, task) => sum + Math.max(task.targetCount, accountedFor(task)), 0);
  const covered = coveredBy(tasks.filter(({ status }) => status !== 'failed'));
  const uncovered = Math.max(0, total - covered);
  return { verdict: verdictOf({ covered, uncovered, bySeverity }), bySeverity, covered, uncovered };
}

const accountedFor = ({ result }: SummarisedTask): number =>
  (result?.coverage ?? []).reduce(
    (sum, counts) => sum + COVERAGE_STATUSES.reduce((row, status) => row + counts[status], 0),
    0,
  );

function coveredBy(tasks: readonly SummarisedTask[]): number {
  const ranges = new Map<string, { reached: number; down: number }>();
  let covered = 0;
  for (const { scanner, result } of tasks)
    for (const { range, reached, down } of result?.coverage ?? []) {
      covered += reached;
      if (range === undefined) continue;
      const key = `${scanner} ${range}`;
      const sum = ranges.get(key) ?? { reached: 0, down: 0 };
      ranges.set(key, { reached: sum.reached + reached, down: sum.down + down });
    }
  for (const { reached, down } of ranges.values()) if (reached > 0) covered += down;
  return covered;
}

const ABOVE_INFO: readonly Severity[] = SEVERITIES.filter((severity) => severity !== 'info');

/** `clean` is said only when everything was covered and nothing stands above info. */
export function verdictOf({ covered, uncovered, bySeverity }: Omit<Summary, 'verdict'>): Verdict {
  if (covered === 0) return 'no_verdict';
  if (uncovered > 0) return 'incomplete';
  return ABOVE_INFO.some((severity) => bySeverity[severity] > 0) ? 'findings' : 'clean';
}
