/** One page of a report, small enough for a model to read: as many findings as asked for, in a bounded number of bytes. */
import * as z from 'zod';
import { CorruptError } from '#shared/errors.ts';
import type { Finding } from '#shared/finding/finding.ts';
import { SEVERITIES } from '#shared/finding/severity.ts';
import { linesOf } from '#shared/text-lines.ts';
import { parseJson } from '../exchange.ts';

import { harmless } from './harmless.ts';

/**
 * About 8,000 tokens of English or JSON (4 bytes a token), so that a page leaves room in any context; some clients warn from 10,000
 * tokens a result on and cut at 25,000 (https://code.claude.com/docs/en/mcp).
 */
export const MAX_PAGE_BYTES = 32 * 1024;
/** So many findings still have room for what says where and how severe each is. */
export const MAX_PAGE_FINDINGS = 50;

/** The fields of a finding in MCP's words, the most useful first: where room ends, the later ones give way. */
const WORDS: Readonly<Record<keyof Finding, string>> = {
  id: 'id',
  severity: 'severity',
  rule: 'rule',
  location: 'location',
  title: 'title',
  scanner: 'scanner',
  cve: 'cve',
  cvss: 'cvss',
  description: 'description',
  evidence: 'evidence',
  remediation: 'remediation',
  cwe: 'cwe',
  tags: 'tags',
  detectedAt: 'detected_at',
  references: 'references',
  raw: 'raw',
};

const FindingLine = z.looseObject({ id: z.string(), severity: z.enum(SEVERITIES) });
type FindingLine = z.output<typeof FindingLine>;

export const FindingOutput = z.looseObject({
  id: z.string(),
  severity: z.enum(SEVERITIES),
  cut_fields: z
    .array(z.string())
    .optional()
    .describe('Fields shortened or left out for want of room; a smaller page_size gives each finding more'),
});
type FindingOutput = z.input<typeof FindingOutput>;

export interface FindingsPage {
  readonly findings: FindingOutput[];
  /** Whether there are findings after these. */
  readonly more: boolean;
}

/** Findings `from` (0-based) to `from + size` of an NDJSON report, which is read no further than that. */
export async function findingsPage(
  body: AsyncIterable<Uint8Array>,
  { from, size }: { readonly from: number; readonly size: number },
): Promise<FindingsPage> {
  const lines: FindingLine[] = [];
  let index = 0;
  for await (const line of linesOf(body)) {
    const value = parseJson(line);
    // The end line, which has been checked.
    if (typeof value === 'object' && value !== null && 'end' in value) continue;
    if (index >= from + size) return { findings: fitted(lines), more: true };
    if (index >= from) lines.push(readFinding(value));
    index += 1;
  }
  return { findings: fitted(lines), more: false };
}

function readFinding(value: unknown): FindingLine {
  const parsed = FindingLine.safeParse(value);
  if (!parsed.success) throw new CorruptError('unexpected_answer', 'a line of the report is not a finding');
  return parsed.data;
}

/** Each gets an equal share of the room that is left, so what small ones do not need goes to large ones after them. */
function fitted(findings: readonly FindingLine[]): FindingOutput[] {
  let left = MAX_PAGE_BYTES;
  return findings.map((finding, i) => {
    const shown = fittedFinding(finding, Math.floor(left / (findings.length - i)));
    left -= bytesOf(shown);
    return shown;
  });
}

/** `finding` in at most `maxBytes` of JSON, its id and severity always there. */
export function fittedFinding(finding: FindingLine, maxBytes: number): FindingOutput {
  const shown: Record<string, unknown> = {};
  const cut: string[] = [];
  // The braces, and cut_fields should it name every field.
  let left = maxBytes - bytesOf({ cut_fields: Object.values(WORDS) });
  for (const [field, word] of Object.entries(WORDS)) {
    if (!Object.hasOwn(finding, field)) continue;
    const value = harmless(finding[field]);
    const room = left - bytesOf({ [word]: '' });
    const kept = shortened(value, room);
    if (kept !== value) cut.push(word);
    if (kept === undefined) continue;
    shown[word] = kept;
    left -= bytesOf({ [word]: kept });
  }
  const { id, severity } = finding;
  return { id, severity, ...shown, ...(cut.length > 0 ? { cut_fields: cut } : {}) };
}

const ELLIPSIS = '…';
/** The first half of a surrogate pair whose second was cut off. */
const HALF_A_CHARACTER = /[\ud800-\udbff]$/;
/** Less of a text says nothing. */
const SHORTEST_BYTES = 32;

/** `value` if it takes at most `maxBytes`, of a longer text its beginning, else undefined. */
function shortened(value: unknown, maxBytes: number): unknown {
  if (bytesOf(value) <= maxBytes) return value;
  if (typeof value !== 'string' || maxBytes < SHORTEST_BYTES) return undefined;
  let kept = value.slice(0, maxBytes);
  while (bytesOf(kept + ELLIPSIS) > maxBytes) kept = kept.slice(0, Math.floor(kept.length * 0.9));
  return kept.replace(HALF_A_CHARACTER, '') + ELLIPSIS;
}

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));
