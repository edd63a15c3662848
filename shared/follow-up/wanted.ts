/** The scans that a job's findings call for: each once, in the order of the findings, in bounded memory however many findings there are. */
import type { Finding } from '../finding/finding.ts';
import { requestHash } from '../job/request-hash.ts';
import type { ScannerName, ScannerRequest } from '../scanner/definition.ts';
import type { MaintenanceWindow } from '../target/maintenance-window.ts';
import type { WindowedTarget } from '../target/plan.ts';
import { matches, targetOf } from './match.ts';
import type { FollowUpRule } from './rule.ts';

/** More than may ever start (limits.ts) and be there already: what comes after these would be cut off anyway, and is counted. */
const MAX_WANTED = 10_000;
const KEY_DIGITS = 32;

export interface WantedScan {
  /** The same for the same scanner, options and target. */
  readonly key: string;
  readonly scanner: ScannerRequest;
  readonly target: WindowedTarget;
}

export interface WantedScans {
  readonly scans: readonly WantedScan[];
  /** How many more findings called for a scan of each scanner. */
  readonly more: ReadonlyMap<ScannerName, number>;
}

export const scanKey = (scanner: ScannerRequest, target: string): string =>
  requestHash({ ...scanner, target }).slice(0, KEY_DIGITS);

export function wantedScans(rules: readonly FollowUpRule[]) {
  const scans = new Map<string, WantedScan>();
  const more = new Map<ScannerName, number>();
  const want = (scanner: ScannerRequest, target: WindowedTarget) => {
    const key = scanKey(scanner, target.text);
    if (scans.has(key)) return;
    if (scans.size < MAX_WANTED) scans.set(key, { key, scanner, target });
    else more.set(scanner.name, (more.get(scanner.name) ?? 0) + 1);
  };
  return {
    /** `window`: of the task that found it, which is that of its target. */
    take(finding: Finding, window: MaintenanceWindow | undefined): void {
      const called = rules.filter(({ when }) => matches(when, finding));
      const target = called.length === 0 ? undefined : targetOf(finding);
      if (target === undefined) return;
      const windowed = window === undefined ? target : { ...target, window };
      for (const { scanners } of called) for (const scanner of scanners) want(scanner, windowed);
    },
    result: (): WantedScans => ({ scans: [...scans.values()], more }),
  };
}
