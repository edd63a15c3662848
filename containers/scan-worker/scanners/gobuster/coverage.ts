/** What a run of gobuster says about its target. */
import type { CoverageEntry, CoverageStatus } from '#shared/finding/coverage.ts';
import { GobusterOptions } from '#shared/scanner/gobuster.ts';
import type { Exit, HostSeen, ParseSummary, ScanRun } from '../../scanner.ts';
import { gobusterOutcome, targetFault } from './outcome.ts';
import { siteOf } from './site.ts';

type Judgement = { readonly status: CoverageStatus; readonly reason?: string };

/** One entry for each target. A run has one only (see command.ts), so that what the run says is said of it. */
export function gobusterCoverage(
  run: ScanRun,
  _seen: readonly HostSeen[],
  exit: Exit,
  summary: ParseSummary,
): CoverageEntry[] {
  const { mode } = GobusterOptions.parse(run.options);
  return run.targets.map(({ target, host, address }) => ({
    target,
    host,
    ...(address === host ? {} : { address }),
    technique: mode,
    ...(mode !== 'dir' && siteOf(host).isAddress ? NO_NAME : judge(exit, summary)),
  }));
}

const NO_NAME: Judgement = { status: 'not_scanned', reason: 'there are no names under an address' };

/** `reached` only when every word was tried and not one request failed: exit code 0 is also what a target gets that died in mid-scan. */
function judge(exit: Exit, summary: ParseSummary): Judgement {
  const fault = targetFault(exit);
  if (fault !== undefined) return fault;
  const outcome = gobusterOutcome(exit, summary);
  if (!outcome.ok) return { status: 'not_scanned', reason: outcome.error.message };
  const { errors, firstError, unresolved } = summary.details;
  if (unresolved === true) return { status: 'unresolved', reason: 'the domain itself does not resolve' };
  if (Number(errors) > 0)
    return { status: 'not_scanned', reason: `${errors} requests failed, the first: ${firstError}` };
  return { status: 'reached' };
}
