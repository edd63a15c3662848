/** What a run of axe says about its target: by the page the target names, and by the pages lost on the way. */
import type { CoverageEntry, CoverageStatus, PageCoverage } from '#shared/finding/coverage.ts';
import { AxeOptions } from '#shared/scanner/axe.ts';
import type { Exit, HostSeen, ParseSummary, ScanRun } from '../../scanner.ts';
import { axeOutcome } from './outcome.ts';

type Judgement = { readonly status: CoverageStatus; readonly reason?: string };

/** One entry for each target. A run has one only (see command.ts), so that what the run says is said of it. */
export function axeCoverage(
  run: ScanRun,
  seen: readonly HostSeen[],
  exit: Exit,
  summary: ParseSummary,
): CoverageEntry[] {
  const { mode } = AxeOptions.parse(run.options);
  const pages = seen.flatMap(({ page }) => page ?? []);
  return run.targets.map(({ target, host, address }) => ({
    target,
    host,
    ...(address === host ? {} : { address }),
    technique: mode,
    ...judge(pages, exit, summary),
    ...(pages.length > 0 ? { pages } : {}),
  }));
}

function judge(pages: readonly PageCoverage[], exit: Exit, summary: ParseSummary): Judgement {
  const outcome = axeOutcome(exit, summary);
  if (!outcome.ok) return { status: 'not_scanned', reason: outcome.error.message };
  const [own] = pages;
  if (own === undefined) return { status: 'not_scanned', reason: 'no page was opened' };
  if (own.result !== 'tested') return { status: OF_OWN_PAGE[own.result] ?? 'not_scanned', reason: toldOf(own) };
  const lost = pages.filter(isLost);
  if (lost.length === 0) return { status: 'reached', ...remarks(pages, summary) };
  const [first] = lost as [PageCoverage];
  return {
    status: lost.every(({ result }) => result === 'timeout') ? 'timed_out' : 'not_scanned',
    reason: `${lost.length} of ${pages.length} pages could not be tested, the first: ${first.url}: ${toldOf(first)}`,
  };
}

const OF_OWN_PAGE: Partial<Record<PageCoverage['result'], CoverageStatus>> = {
  unreachable: 'down',
  timeout: 'timed_out',
};

/**
 * A page that is there and could not be tested. A broken link, a file that is no page, a way out and what robots.txt closes are no pages to
 * test: they take nothing from what was covered.
 */
function isLost({ result, detail }: PageCoverage): boolean {
  if (result === 'status') return Number(detail) >= 500 || Number(detail) === 429;
  return result === 'unreachable' || result === 'tls' || result === 'timeout' || result === 'crashed';
}

const toldOf = ({ result, detail }: PageCoverage): string => (detail === undefined ? result : `${result} (${detail})`);

/** What else is to be known of a target that counts as covered. */
function remarks(pages: readonly PageCoverage[], { details }: ParseSummary): { reason?: string } {
  const tested = pages.filter(({ result }) => result === 'tested').length;
  const said = [
    ...(pages.length > 1 ? [`${tested} of ${pages.length} pages tested`] : []),
    ...told(details.unvisited, (count) => `the page limit left ${count} more that are known unopened`),
    ...told(details.omitted, (count) => `${count} more places with faults not listed`),
    ...told(details.undecided, (count) => `${count} rules that only people can decide`),
    ...told(details.blocked, (count) => `${count} requests to other places not made`),
  ];
  return said.length === 0 ? {} : { reason: said.join('; ') };
}

const told = (count: unknown, text: (count: number) => string): string[] =>
  Number(count) > 0 ? [text(Number(count))] : [];
