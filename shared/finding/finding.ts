/** One normalised result of a scanner: what, where, how severe, with evidence. The same shape for every scanner. */
import type { ScannerName } from '../scanner/definition.ts';
import type { Severity } from './severity.ts';

/** Where a finding is. `host` is the target's own spelling (a name stays a name); `ip` the address that was really asked. */
export interface Location {
  readonly host: string;
  readonly ip?: string;
  /** 1 to 65535. */
  readonly port?: number;
  /** Transport: tcp, udp or sctp. */
  readonly protocol?: string;
  readonly url?: string;
  /** CSS selector of the element (axe). */
  readonly selector?: string;
}

export interface Cvss {
  /** Absent where the scanner does not say. */
  readonly version?: '2.0' | '3.0' | '3.1' | '4.0';
  readonly vector?: string;
  /** 0.0 to 10.0 */
  readonly score: number;
}

export interface Finding {
  /** Fingerprint, stable between runs: see fingerprint.ts. */
  readonly id: string;
  readonly scanner: ScannerName;
  /** The scanner's own name for what it found: `open-port`, an NSE script's id, a template's id, a plugin's number. */
  readonly rule: string;
  readonly title: string;
  readonly severity: Severity;
  readonly location: Location;
  readonly description?: string;
  readonly evidence?: string;
  readonly remediation?: string;
  readonly references?: readonly string[];
  /** Upper case, as in CVE-2026-0001. */
  readonly cve?: readonly string[];
  /** As in CWE-79. */
  readonly cwe?: readonly string[];
  readonly cvss?: Cvss;
  readonly tags?: readonly string[];
  /** ISO 8601, UTC, milliseconds. */
  readonly detectedAt: string;
  /** The scanner's own record, shown only by the profile `full`. */
  readonly raw?: unknown;
}
