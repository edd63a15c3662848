/** What reports are made from, and what the writer of a format is given. */
import type { JobView } from '../contracts/job.ts';
import type { CoverageEntry } from '../finding/coverage.ts';
import type { SeverityCounts } from '../finding/severity.ts';
import type { Job, JobSpec } from '../job/job.ts';
import type { ScannerName } from '../scanner/definition.ts';
import type { Task } from '../task/task.ts';

/** Coverage as reports show it: entries of several scanners stand side by side. */
export interface ReportCoverage extends CoverageEntry {
  readonly scanner: ScannerName;
}

/** What a report is made from: a terminal job, and all its tasks in order of number. */
export interface JobRecords {
  readonly job: Job;
  readonly spec: JobSpec;
  readonly tasks: readonly Task[];
}

export interface ReportCounts {
  readonly findings: number;
  readonly bySeverity: Readonly<SeverityCounts>;
}

/** What a format's writer is given; it asks for the parts in the order it wants them, each once. */
export interface ReportSource {
  readonly job: JobView;
  readonly counts: ReportCounts;
  coverage(): AsyncIterable<readonly ReportCoverage[]>;
  /** Findings as shown, one a line, in chunks that are the writer's to change. */
  lines(): AsyncIterable<Buffer>;
}
