/** What a run of nuclei says about its target. */
import type { CoverageEntry, CoverageStatus } from '#shared/finding/coverage.ts';
import type { Exit, HostSeen, ParseSummary, ScanRun } from '../../scanner.ts';
import { endpointOf } from './endpoint.ts';
import { nucleiOutcome } from './outcome.ts';

type Judgement = { readonly status: CoverageStatus; readonly reason?: string };

/** One entry for each target. A run has one only (see command.ts), so that what the run says is said of it. */
export const nucleiCoverage = (
  run: ScanRun,
  _seen: readonly HostSeen[],
  exit: Exit,
  summary: ParseSummary,
): CoverageEntry[] =>
  run.targets.map(({ target, host, address }) => ({
    target,
    host,
    ...(address === host ? {} : { address }),
    ...judge(host, exit, summary),
  }));

/** `reached` only when every request was sent, at least one was answered, and the target's own endpoint was not given up. */
function judge(host: string, exit: Exit, summary: ParseSummary): Judgement {
  const outcome = nucleiOutcome(exit, summary);
  if (!outcome.ok) return { status: 'not_scanned', reason: outcome.error.message };
  const { requests, total, errors, skipped } = summary.details as Record<string, number>;
  const sent = Number(requests);
  if (sent === 0) return { status: 'not_scanned', reason: 'no template that was asked for sends it a request' };
  if (summary.records === 0 && Number(errors) >= sent)
    return { status: 'down', reason: `none of ${sent} requests was answered` };
  const givenUp = String(skipped)
    .split(' ')
    .find((endpoint) => isOwn(endpoint, host));
  if (givenUp !== undefined)
    return { status: 'timed_out', reason: `nuclei gave up ${givenUp} after too many errors in a row` };
  if (sent < Number(total)) return { status: 'not_scanned', reason: `nuclei sent ${sent} of ${total} requests` };
  return { status: 'reached' };
}

/** Ports of a target that is no URL that nuclei looks for a web server on. */
const WEB_PORTS: ReadonlySet<number | undefined> = new Set([undefined, 80, 443]);

/** Whether an endpoint that was given up is what was to be scanned: templates knock at other ports too, and are rightly turned away. */
function isOwn(endpoint: string, host: string): boolean {
  const [own, other] = [endpointOf(host), endpointOf(endpoint)];
  if (own.host.toLowerCase() !== other.host.toLowerCase()) return false;
  return own.port === undefined ? WEB_PORTS.has(other.port) : other.port === undefined || other.port === own.port;
}
