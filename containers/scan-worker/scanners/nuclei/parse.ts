/**
 * nuclei's JSONL (`-jsonl`; also `-json-export`, one array) to findings, as a stream. What it says on stderr beside it (stats.ts) decides
 * what the output is worth, as no line at all is what it also writes for a host without weaknesses.
 */
import { noFindings } from '#shared/finding/severity.ts';
import { isObject } from '../../json/fields.ts';
import { jsonRecords } from '../../json/records.ts';
import type { JsonFault } from '../../json/splitter.ts';
import type { ParseContext, Parser, ParseSink, ParseSummary } from '../../scanner.ts';
import { endpointOf } from './endpoint.ts';
import { findingOf } from './findings.ts';
import { readRecord } from './record.ts';
import { nucleiStats } from './stats.ts';

/** Reads nuclei's records. `details` of the summary: those of the last statistics, see stats.ts. */
export function nucleiParser(sink: ParseSink, context: ParseContext): Parser {
  const counts = { records: 0, findings: 0, bySeverity: noFindings() };
  const [target] = context.targets ?? []; // a run has one
  const fallback = { detectedAt: context.detectedAt, host: target ? endpointOf(target.host).host : 'unknown' };
  const stats = nucleiStats();
  const records = jsonRecords((value) => {
    const record = isObject(value) ? readRecord(value) : undefined;
    if (record === undefined) return 'a record without a template';
    counts.records += 1;
    if (!record.isMatch) return undefined;
    const finding = findingOf(record, fallback);
    counts.findings += 1;
    counts.bySeverity[finding.severity] += 1;
    sink.finding(finding);
    return undefined;
  });
  return {
    write: records.write,
    writeStderr: stats.write,
    end() {
      const fault = records.end(); // may deliver a last record
      return { ...counts, partial: partialOf(fault, counts.records), details: stats.details() };
    },
  };
}

function partialOf(fault: JsonFault | undefined, records: number): ParseSummary['partial'] {
  if (fault === undefined) return false;
  return records > 0 ? fault : { ...fault, reason: `not nuclei's JSON: ${fault.reason}` };
}
