/**
 * gobuster's lines (`--output`) to findings, as a stream. An empty file is what it also writes when there is nothing to find, so what it says
 * on stderr decides what a run is worth: requests that failed, and a domain that does not resolve.
 */
import { noFindings } from '#shared/finding/severity.ts';
import { byteLines } from '../../json/lines.ts';
import type { ParseContext, Parser, ParseSink, ParseSummary } from '../../scanner.ts';
import { findingOf } from './findings.ts';
import { type Result, readLine } from './line.ts';
import { gobusterLog } from './log.ts';
import { siteOf } from './site.ts';

/** A URL and what it leads to make up most of a line. */
const MAX_LINE_BYTES = 64 * 1024;

/** Reads gobuster's lines. `details` of the summary: those of the log, see log.ts. */
export function gobusterParser(sink: ParseSink, context: ParseContext): Parser {
  const counts = { records: 0, findings: 0, bySeverity: noFindings() };
  const [target] = context.targets ?? []; // a run has one
  const place = target && { site: siteOf(target.host), address: target.address };
  const log = gobusterLog();
  let known = false;
  let atEnd = false;
  let partial: ParseSummary['partial'] = false;
  const lines = byteLines(0, (bytes, byteOffset) => {
    const result = bytes === undefined || bytes.length > MAX_LINE_BYTES ? undefined : readLine(bytes.toString());
    if (result === undefined || (atEnd && canBeCut(result))) {
      partial ||= { reason: 'a line that is no result', byteOffset };
      return;
    }
    known = true;
    if (result === 'frame') return;
    counts.records += 1;
    counts.findings += 1;
    counts.bySeverity.info += 1;
    sink.finding(findingOf(result, place, context.detectedAt));
  });
  return {
    write: (chunk) => lines.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)),
    writeStderr: log.write,
    end() {
      atEnd = true;
      lines.end(); // delivers a last line without its line feed
      if (partial && !known) partial = { ...partial, reason: `not gobuster's output: ${partial.reason}` };
      return { ...counts, partial, details: log.details() };
    },
  };
}

/** A name without addresses behind it may be the beginning of a longer one; every other result has something behind what it is about. */
const canBeCut = (result: Result | 'frame'): boolean =>
  result !== 'frame' && result.kind === 'name' && result.addresses.length === 0;
