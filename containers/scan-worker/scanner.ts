/** The contract a scanner fulfils. One folder under scanners/, one object, one line in the registry. */
import type { CoverageEntry, PageCoverage } from '#shared/finding/coverage.ts';
import type { Finding } from '#shared/finding/finding.ts';
import type { SeverityCounts } from '#shared/finding/severity.ts';
import type { Limits, RateLimitName } from '#shared/limits.ts';
import type { ScannerName } from '#shared/scanner/definition.ts';
import type { Progress, Task, TaskError } from '#shared/task/task.ts';

/** One thing to scan, resolved and allowed. */
export interface ScanTarget {
  /** The job's target it belongs to, canonical: itself, or its CIDR. */
  readonly target: string;
  /** A host name, an address or a URL. */
  readonly host: string;
  /** The checked address the scanner must use, so that a name cannot be bound anew in between. */
  readonly address: string;
}

/** Whether a target is one address out of a CIDR: scanned only where it is alive, and `down` counts as covered. */
export const isRangeMember = ({ target, host }: ScanTarget): boolean => target !== host;

/** What a scanner is asked to do. */
export interface ScanRun {
  readonly targets: readonly ScanTarget[];
  /** Validated by the definition's schema. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The scanner must ask its targets no faster: see requestsPerSecond. */
  readonly requestsPerSecond: number;
  /** A private, empty directory; gone afterwards. */
  readonly directory: string;
}

/** A process to start: never through a shell. */
export interface Command {
  /** An absolute path or a name found on the worker's own PATH. */
  readonly file: string;
  readonly args: readonly string[];
  /** Added to the fixed, small environment every scanner gets. */
  readonly env?: Readonly<Record<string, string>>;
  /** Written to stdin, which is then closed. */
  readonly input?: string;
  /** Where the scanner writes its output, if not to stdout: a file in the run's directory, read when the process has ended. */
  readonly outputFile?: string;
}

/** Our own code in place of a process, for a scanner that is a service elsewhere. It is held to what a process is held to: see procedure.ts. */
export interface Procedure {
  /** What stands in the evidence where a process has its arguments. Nothing secret. */
  readonly argv: readonly string[];
  /** Where it puts what it brings home: a file in the run's directory, read when it has ended. */
  readonly outputFile: string;
  /** Rejects with what the task's error is to be: a ScanfleetError, or ScannerBusyError where there is no room for the run now. */
  act(work: ProcedureWork): Promise<void>;
}

export interface ProcedureWork {
  /** Whose run it is. */
  readonly task: Pick<Task, 'jobId' | 'taskId' | 'attempt'>;
  /** Aborted: it is to stop what it started, bring home what there is, and end within a minute. */
  readonly signal: AbortSignal;
  /** Of the output file. */
  readonly maxBytes: number;
  /** Says how it goes, as a process does on stderr: read for progress, and the last of it kept. Nothing secret. */
  log(line: string): void;
}

/** How a run ended. A value, not an exception. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly reason:
    | 'exited'
    | 'cancelled'
    | 'timed_out'
    | 'output_cap'
    | 'memory_cap'
    | 'process_cap'
    | 'not_started'
    | 'busy';
  /** Of a procedure: why it ended with a code other than 0, or was busy. */
  readonly failure?: TaskError;
  /** The last of stderr, at most 1 KB of UTF-8, control characters replaced. */
  readonly stderrTail: string;
  readonly durationMs: number;
}

/** What a run is held to, and who gets what it writes. */
export interface RunOptions {
  readonly timeoutMs: number;
  /** Bytes of output; what comes beyond is discarded and the run stopped. */
  readonly maxOutputBytes: number;
  /** Aborted: the run is stopped. */
  readonly signal: AbortSignal;
  onStderr(chunk: Uint8Array): void;
}

/** What the parser saw of one host. */
export interface HostSeen {
  readonly address: string;
  readonly names: readonly string[];
  readonly state: 'reached' | 'down' | 'timed_out';
  readonly reason?: string;
  /** Where what is tested are pages: the one this is about. */
  readonly page?: PageCoverage;
}

export interface ParseSink {
  finding(finding: Finding): void;
  host(host: HostSeen): void;
}

/** What a whole output amounted to. `records` counts the scanner's own unit (nmap: hosts). */
export interface ParseSummary {
  readonly records: number;
  readonly hosts?: number;
  readonly hostsUp?: number;
  readonly openPorts?: number;
  readonly findings: number;
  readonly bySeverity: SeverityCounts;
  /** The output was cut, malformed or hostile: what could be read was delivered. `byteOffset` says how far. */
  readonly partial: false | { readonly reason: string; readonly byteOffset: number };
  /** What only this scanner's `outcome` needs, as in nmap's own exit word. */
  readonly details: Readonly<Record<string, string | number | boolean>>;
}

/** A push parser over the scanner's raw output: constant memory, sink called synchronously. Never throws for what the input holds. */
export interface Parser {
  write(chunk: Uint8Array): void;
  /** What the scanner says beside its output, where that decides what the output is worth. */
  writeStderr?(chunk: Uint8Array): void;
  end(): ParseSummary;
}

export interface ParseContext {
  /** When findings were detected if the output does not say; ISO 8601. */
  readonly detectedAt: string;
  /** The targets of the run: a finding names each of them that its address stands for, as the user wrote it. */
  readonly targets?: readonly ScanTarget[];
}

/** completed, or why not. `busy`: nothing failed, there is no room for the run now. */
export type Outcome = { readonly ok: true } | { readonly ok: false; readonly error: TaskError; readonly busy?: true };

/** Reads a running scanner's streams for progress. */
export interface ProgressReader {
  write(stream: 'stdout' | 'stderr', chunk: Uint8Array): void;
  /** The newest progress; undefined when nothing is known yet. */
  latest(): Progress | undefined;
}

/** The deployment's cap for the scanner, if it has one. A caller's option may lower it, never raise it. */
export function requestsPerSecond(
  { rateLimit }: Pick<Scanner, 'rateLimit'>,
  options: ScanRun['options'],
  limits: Pick<Limits, RateLimitName>,
): number {
  const { requestsPerSecond: asked } = options;
  const cap = rateLimit === undefined ? Number.POSITIVE_INFINITY : limits[rateLimit];
  return typeof asked === 'number' ? Math.min(asked, cap) : cap;
}

export interface Scanner {
  readonly name: ScannerName;
  /** Which limit caps its requests a second; none where the service it drives keeps to rates of its own. */
  readonly rateLimit?: RateLimitName;
  /** Name of the raw output as stored, as in `nmap.xml`. */
  readonly rawName: string;
  /** Is it here, and which version? */
  check(): Promise<
    { readonly available: true; readonly version: string } | { readonly available: false; readonly reason: string }
  >;
  /**
   * What else decides what it finds, for the evidence: word lists and templates, by name, each with its version or its SHA-256. A scanner
   * that brings everything with it has none.
   */
  materials?(options: ScanRun['options']): Promise<Readonly<Record<string, string>>>;
  /**
   * Splits targets into what one run can scan together. Each group is a run of its own, one after the other, with its own directory,
   * progress, parser, coverage and outcome; findings and coverage of all are those of the task. Every target is in exactly one group.
   */
  groups(targets: readonly ScanTarget[]): readonly (readonly ScanTarget[])[];
  command(run: ScanRun): Command | Procedure;
  progress(run: ScanRun): ProgressReader;
  parser(sink: ParseSink, context: ParseContext): Parser;
  /** What happened to each target of the run: one entry each, never fewer. */
  coverage(run: ScanRun, seen: readonly HostSeen[], exit: Exit, summary: ParseSummary): CoverageEntry[];
  /** Whether the run may count as completed, or failed for now or for good. */
  outcome(exit: Exit, summary: ParseSummary): Outcome;
}
