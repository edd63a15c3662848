/** Rules by which findings start follow-up scans, and what came of them. */
import type { Severity } from '../finding/severity.ts';
import type { ScannerName, ScannerRequest } from '../scanner/definition.ts';

/** All that is given must hold of a finding. */
export interface FollowUpCondition {
  readonly scanner: ScannerName;
  /** The finding's own rule, as in `open-port`. */
  readonly rule?: string | undefined;
  /** Of nmap's open ports. `http` stands for all that speaks it, through TLS or not; any other by nmap's name, as in `ssh`. */
  readonly service?: string | undefined;
  readonly port?: number | undefined;
  /** At least so severe. */
  readonly severity?: Severity | undefined;
}

export interface FollowUpRule {
  readonly when: FollowUpCondition;
  readonly scanners: readonly ScannerRequest[];
}

/**
 * Why a scan that a finding called for was not started. fan_out: the tree has as many as it may have · depth: too far from the first job ·
 * unavailable: the workers do not have the scanner · unfit: it does not scan such a target · out_of_scope: on a host that the first job
 * did not name · denied: by the target policy · window_closed: the maintenance window is over · deadline: that of the first job has passed ·
 * unreadable: nobody knows, the findings cannot be read.
 */
export const NOT_STARTED_CODES = [
  'fan_out',
  'depth',
  'unavailable',
  'unfit',
  'out_of_scope',
  'denied',
  'window_closed',
  'deadline',
  'unreadable',
] as const;
export type NotStartedCode = (typeof NOT_STARTED_CODES)[number];

/** Scans of one scanner that were not started for one reason. */
export interface NotStarted {
  readonly scanner: ScannerName;
  readonly code: NotStartedCode;
  /** In words; of the first of them. */
  readonly reason: string;
  readonly targets: number;
  /** The first of the targets. */
  readonly examples: readonly string[];
}

/** A follow-up job as its tree lists it. */
export interface TreeChild {
  readonly jobId: string;
  /** What it scans, as keys of scans (scan.ts). */
  readonly scans: readonly string[];
}

/** A root job and all that followed from it. */
export interface Tree {
  /** Rises with each job that joins the tree and each that is opened again: who adds one names the version it read. */
  readonly version: number;
  /** Set once nothing more may start. */
  readonly cancelRequestedAt?: string;
  readonly cancelRequestedBy?: string;
  /** Oldest first. */
  readonly children: readonly TreeChild[];
}
