/** What the writer of a report format is given. */
import type { JobView } from '../contracts/job.ts';
import type { CoverageEntry } from '../finding/coverage.ts';
import type { SeverityCounts } from '../finding/severity.ts';
import type { ScannerName } from '../scanner/definition.ts';

/** Coverage as reports show it: entries of several scanners stand side by side. */
export interface ReportCoverage extends CoverageEntry {
  readonly scanner: ScannerName;
}

export interface ReportCounts {
  readonly findings: number;
  readonly bySeverity: Readonly<SeverityCounts>;
}

/** What a format's writer is given; it asks for the parts in the order it wants them, each once. */
export interface ReportSource {
  readonly counts: ReportCounts;
  job(): Promise<JobView>;
  coverage(): AsyncIterable<readonly ReportCoverage[]>;
  /** Findings as shown, one a line, in chunks that are the writer's to change. */
  lines(): AsyncIterable<Buffer>;
}
