/** What a run of nmap says about each of its targets. */
import type { CoverageEntry, CoverageStatus } from '#shared/finding/coverage.ts';
import { type Exit, type HostSeen, isRangeMember, type ParseSummary, type ScanRun } from '../../scanner.ts';
import { canonicalAddress } from '../addresses.ts';
import { nmapOutcome } from './outcome.ts';

/** One entry for each target. What nmap reported of a host holds, whether or not the run went on to its end. */
export function nmapCoverage(
  run: ScanRun,
  seen: readonly HostSeen[],
  exit: Exit,
  summary: ParseSummary,
): CoverageEntry[] {
  const hosts = new Map(seen.map((host) => [canonicalAddress(host.address), host]));
  const unreported = meaningOfSilence(run, exit, summary);
  const technique = String(summary.details.technique ?? '');
  return run.targets.map(({ target, host, address }) => {
    const entry = { target, host, ...(address === host ? {} : { address }) };
    const found = hosts.get(canonicalAddress(address));
    if (found === undefined) return { ...entry, ...unreported };
    return {
      ...entry,
      status: found.state,
      ...(found.reason === undefined ? {} : { reason: found.reason }),
      ...(technique === '' ? {} : { technique }),
    };
  });
}

/**
 * What it means that nmap reports nothing of a target. After a liveness check it leaves out hosts that are down (unless -v), so once it
 * has gone through all addresses it was given, silence is an answer. In every other case nothing is known.
 */
function meaningOfSilence(run: ScanRun, exit: Exit, summary: ParseSummary): { status: CoverageStatus; reason: string } {
  const outcome = nmapOutcome(exit, summary);
  if (!outcome.ok) return { status: 'not_scanned', reason: outcome.error.message };
  const addresses = new Set(run.targets.map(({ address }) => canonicalAddress(address)));
  const wentThroughAll = summary.details.total === addresses.size;
  if (run.targets.every(isRangeMember) && wentThroughAll)
    return { status: 'down', reason: 'no answer to the liveness check' };
  return { status: 'not_scanned', reason: 'nmap did not report it' };
}
