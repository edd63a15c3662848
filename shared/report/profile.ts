/** How much of a finding a report shows. */
import type { Finding } from '../finding/finding.ts';

export const PROFILES = ['minimal', 'summary', 'brief', 'full'] as const;
export type Profile = (typeof PROFILES)[number];

const MINIMAL = ['id', 'rule', 'severity', 'location'] as const satisfies readonly (keyof Finding)[];
const SUMMARY = [...MINIMAL, 'scanner', 'title', 'cve'] as const satisfies readonly (keyof Finding)[];
const BRIEF = [
  ...SUMMARY,
  'description',
  'remediation',
  'cwe',
  'cvss',
  'tags',
  'detectedAt',
] as const satisfies readonly (keyof Finding)[];

/** The fields each profile shows; `full` shows all, the scanner's raw record included. */
export const PROFILE_FIELDS: Record<Exclude<Profile, 'full'>, readonly (keyof Finding)[]> = {
  minimal: MINIMAL,
  summary: SUMMARY,
  brief: BRIEF,
};

/** `finding` as `profile` shows it. */
export function show(finding: Finding, profile: Profile): Partial<Finding> {
  if (profile === 'full') return finding;
  return Object.fromEntries(
    PROFILE_FIELDS[profile].filter((field) => field in finding).map((field) => [field, finding[field]]),
  );
}
