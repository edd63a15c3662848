/** A report as a stream of bytes, for the caller who waits for it and for build-report alike. Never held in memory. */
import type { Results } from '../finding/results.ts';
import { partsOf, type ReportRecords, viewOf } from '../job/records.ts';
import type { Task, TaskResult } from '../task/task.ts';
import { type Bytes, coalesced } from './bytes.ts';
import { treeCoverage } from './coverage.ts';
import type { ReportFormat } from './format.ts';
import { jsonReport } from './json.ts';
import { countShown, type Selection, shownLines, showsAll } from './lines.ts';
import { endLine, ndjsonReport } from './ndjson.ts';
import type { ReportCounts, ReportSource } from './source.ts';
import { stitched } from './stitch.ts';
import { resultsWithFindings } from './task-findings.ts';

export interface ReportRequest extends Selection {
  readonly format: ReportFormat;
}

const WRITERS: Record<ReportFormat, (source: ReportSource) => Bytes> = { json: jsonReport, ndjson: ndjsonReport };

export interface ReportDocument {
  /** How many findings the whole document holds. */
  readonly findings: number;
  /** About how large it is. */
  readonly estimatedBytes: number;
  readonly encoding?: 'gzip';
  readonly body: Bytes;
}

/** The document, plain. Reading its body throws when results are missing or damaged: what was read until then is not a report. */
export function reportDocument(results: Results, records: ReportRecords, request: ReportRequest): ReportDocument {
  const of = resultsWithFindings(tasksOf(records));
  const counts = countsOf(of, request);
  const source: ReportSource = {
    counts,
    job: () => viewOf(results, { ...records, tasks: undefined }),
    coverage: () => treeCoverage(results, records),
    lines: () => shownLines(results, of, request, counts.findings),
  };
  return {
    findings: counts.findings,
    estimatedBytes: estimateBytes(records, request),
    body: coalesced(WRITERS[request.format](source)),
  };
}

/** About how large the plain document is: the findings it shows by their average size as stored. */
export function estimateBytes(records: ReportRecords, selection: Selection): number {
  const of = resultsWithFindings(tasksOf(records));
  const all = sum(of, (result) => result.findings);
  const plainBytes = sum(of, (result) => result.plainBytes);
  return all === 0 ? 0 : Math.round((plainBytes * countsOf(of, selection).findings) / all);
}

/** Whether the document can be sent gzipped as it lies in the store. */
export const canStitch = (request: ReportRequest): boolean => request.format === 'ndjson' && showsAll(request);

/** The same document gzipped; only where `canStitch`. */
export function stitchedDocument(results: Results, records: ReportRecords): ReportDocument {
  const of = resultsWithFindings(tasksOf(records));
  const findings = sum(of, (result) => result.findings);
  return {
    findings,
    estimatedBytes: sum(of, (result) => result.bytes),
    encoding: 'gzip',
    body: coalesced(stitched(results, of, endLine(findings))),
  };
}

const tasksOf = (records: ReportRecords): readonly Task[] => partsOf(records).flatMap(({ tasks }) => tasks);

function countsOf(of: readonly TaskResult[], selection: Selection): ReportCounts {
  const bySeverity = countShown(of, selection);
  return { findings: sum(Object.values(bySeverity), (count) => count), bySeverity };
}

const sum = <T>(items: readonly T[], amount: (item: T) => number): number =>
  items.reduce((total, item) => total + amount(item), 0);
