/**
 * Results of axe-core to findings, as a stream: what our runner writes, a line for each page and one at the end, and what others keep of
 * axe-core, one result or an array of them, laid out in any way.
 */

import type { Finding } from '#shared/finding/finding.ts';
import { noFindings } from '#shared/finding/severity.ts';
import { isObject } from '../../json/fields.ts';
import { jsonRecords } from '../../json/records.ts';
import type { JsonFault } from '../../json/splitter.ts';
import type { HostSeen, ParseContext, Parser, ParseSink, ParseSummary } from '../../scanner.ts';
import { type Found, reviewOf, violationOf } from './findings.ts';
import { type AxePage, readRecord } from './record.ts';

const STATES = { tested: 'reached', unreachable: 'down', timeout: 'timed_out' } as const;

/**
 * Records are violations: rules that a page breaks. `details` of the summary: `ended`, whether the runner said its last word; `unvisited`
 * pages it knew of beyond the limit; `undecided` rules, left to people; `blocked` requests to other places; `omitted` places that were
 * too many.
 */
export function axeParser(sink: ParseSink, context: ParseContext): Parser {
  const counts = { records: 0, findings: 0, bySeverity: noFindings() };
  const details = { ended: false, unvisited: 0, undecided: 0, blocked: 0, omitted: 0 };
  const [target] = context.targets ?? []; // a run has one
  let read = 0;
  const deliver = (finding: Finding) => {
    counts.findings += 1;
    counts.bySeverity[finding.severity] += 1;
    sink.finding(finding);
  };
  const readPage = (page: AxePage) => {
    const found: Found = { page, target, detectedAt: context.detectedAt };
    counts.records += page.violations.length;
    details.undecided += page.undecided;
    details.blocked += page.blocked;
    details.omitted += page.omitted;
    for (const rule of page.violations) for (const node of rule.nodes) deliver(violationOf(found, rule, node));
    // Others keep these too, but asked for them by no option of ours.
    if (page.page === undefined) return;
    for (const rule of page.incomplete) for (const node of rule.nodes) deliver(reviewOf(found, rule, node));
    sink.host(seen(page));
  };
  const records = jsonRecords(
    (value) => {
      const record = isObject(value) ? readRecord(value) : undefined;
      if (record === undefined) return "a record that is no result of axe's";
      read += 1;
      if (!('end' in record)) readPage(record);
      else Object.assign(details, { ended: true, unvisited: record.unvisited });
      return undefined;
    },
    { anyLayout: true },
  );
  return {
    write: records.write,
    end() {
      const fault = records.end(); // may deliver a last record
      return { ...counts, partial: partialOf(fault, read), details };
    },
  };
}

function seen({ page, url }: AxePage): HostSeen {
  const result = page?.result ?? 'tested';
  const state = result in STATES ? STATES[result as keyof typeof STATES] : 'reached';
  return { address: page?.url ?? url, names: [], state, ...(page === undefined ? {} : { page }) };
}

function partialOf(fault: JsonFault | undefined, read: number): ParseSummary['partial'] {
  if (fault === undefined) return false;
  return read > 0 ? fault : { ...fault, reason: `not axe's JSON: ${fault.reason}` };
}
