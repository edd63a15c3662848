/** What a report of Nessus says about each of the targets. */
import type { CoverageEntry, CoverageStatus } from '#shared/finding/coverage.ts';
import type { Exit, HostSeen, ParseSummary, ScanRun, ScanTarget } from '../../scanner.ts';
import { canonicalAddress, nameOf } from '../addresses.ts';
import { nessusOutcome } from './outcome.ts';

/** One entry for each target. What the report says of a host it was through with holds, whether or not the scan came to its end. */
export function nessusCoverage(
  run: ScanRun,
  seen: readonly HostSeen[],
  exit: Exit,
  summary: ParseSummary,
): CoverageEntry[] {
  const find = hostsBySpelling(seen);
  const unreported = meaningOfSilence(exit, summary);
  return run.targets.map((target) => {
    const { host, address } = target;
    const entry = { target: target.target, host, ...(address === host ? {} : { address }) };
    const found = find(target);
    if (found === undefined) return { ...entry, ...unreported };
    return { ...entry, status: found.state, ...(found.reason === undefined ? {} : { reason: found.reason }) };
  });
}

/** By the address, or where a report has none by the name. A host that is reported twice is as good as the worse of the two. */
function hostsBySpelling(seen: readonly HostSeen[]): (target: ScanTarget) => HostSeen | undefined {
  const hosts = new Map<string, HostSeen>();
  for (const host of seen)
    for (const spelling of [canonicalAddress(host.address), ...host.names.map((name) => name.toLowerCase())])
      if (hosts.get(spelling)?.state !== 'timed_out') hosts.set(spelling, host);
  return (target) => hosts.get(canonicalAddress(target.address)) ?? hosts.get(nameOf(target));
}

/** Nessus leaves out hosts that do not answer. Only of a scan that came to its end is silence an answer. */
function meaningOfSilence(exit: Exit, summary: ParseSummary): { status: CoverageStatus; reason: string } {
  const outcome = nessusOutcome(exit, summary);
  if (!outcome.ok) return { status: 'not_scanned', reason: outcome.error.message };
  return { status: 'down', reason: 'it is not in the report: it did not answer' };
}
