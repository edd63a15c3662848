/** How severe a finding is, and the tables that map each scanner's scale onto ours. */

/** Most severe first: also the order reports sort and count by. */
export const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];

export type SeverityCounts = Record<Severity, number>;

export const noFindings = (): SeverityCounts => ({ critical: 0, high: 0, medium: 0, low: 0, info: 0 });

/** Whether `severity` is at least as severe as `floor`. */
export const atLeast = (severity: Severity, floor: Severity): boolean =>
  SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(floor);

export function addCounts(total: SeverityCounts, more: Readonly<SeverityCounts>): SeverityCounts {
  for (const severity of SEVERITIES) total[severity] += more[severity];
  return total;
}

/** The qualitative band of a CVSS v3.x or v4.0 base score (FIRST, CVSS v3.1 specification, table 14); None reads as info. */
export function severityOfCvss(score: number): Severity {
  if (score >= 9) return 'critical';
  if (score >= 7) return 'high';
  if (score >= 4) return 'medium';
  if (score > 0) return 'low';
  return 'info';
}
