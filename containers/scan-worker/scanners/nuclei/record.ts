/**
 * One line of nuclei's JSONL, under the names that versions 2.3 to 3 give its fields: `template-id` was `templateID`, `matched-at` was
 * `matched`, `extracted-results` was `extracted_results`, and what is a list now was a text. Only the template, `info` and the type are
 * always there (nuclei, pkg/output/output.go, ResultEvent).
 */
import { isIP } from 'node:net';
import type { Cvss } from '#shared/finding/finding.ts';
import { type JsonObject, numberAt, objectAt, textAt, textsAt } from '../../json/fields.ts';

export interface NucleiRecord {
  readonly template: string;
  /** The matcher, or else the extractor, of the template that spoke; empty when it has but one. */
  readonly matcher: string;
  readonly name: string;
  /** nuclei's own word. */
  readonly severity: string;
  readonly type: string;
  /** What was asked: URL, host:port or name; empty where the record does not say. */
  readonly host: string;
  /** Where it was found: URL, host:port or name. */
  readonly matchedAt: string;
  readonly ip: string;
  readonly port: number | undefined;
  readonly extracted: readonly string[];
  readonly description: string;
  readonly remediation: string;
  readonly references: readonly string[];
  readonly tags: readonly string[];
  readonly cve: readonly string[];
  readonly cwe: readonly string[];
  readonly cvss: Cvss | undefined;
  /** ISO 8601 in any zone and precision; empty where the record does not say. */
  readonly timestamp: string;
  /** False for a record that only says that nothing was found (`-matcher-status`). */
  readonly isMatch: boolean;
}

const CVE = /^CVE-\d{4}-\d{4,19}$/;
const CWE = /^CWE-\d{1,6}$/;
const CVSS_VECTOR = /^CVSS:(3\.0|3\.1|4\.0)\/[A-Z:/]{1,200}$/;
const byComma = (text: string) => text.split(',').map((part) => part.trim());
/** Old templates wrote their references as one text with bullets. */
const byLine = (text: string) => text.split('\n').map((line) => line.replace(/^\s*-\s+/, '').trim());

/** Undefined for what is no record of nuclei. */
export function readRecord(value: JsonObject): NucleiRecord | undefined {
  const template = textAt(value, 'template-id', 'templateID');
  if (template === '') return undefined;
  const info = objectAt(value, 'info');
  const classification = objectAt(info, 'classification');
  const matchedAt = textAt(value, 'matched-at', 'matched');
  const ip = textAt(value, 'ip');
  return {
    template,
    matcher: textAt(value, 'matcher-name', 'matcher_name', 'extractor-name', 'extractor_name'),
    name: textAt(info, 'name'),
    severity: textAt(info, 'severity').toLowerCase(),
    type: textAt(value, 'type'),
    host: textAt(value, 'host') || matchedAt || textAt(value, 'url').replace(/^\/(?=https?:)/, ''),
    matchedAt,
    ip: isIP(ip) === 0 ? '' : ip,
    port: portAt(value),
    extracted: textsAt(value, ['extracted-results', 'extracted_results']),
    description: textAt(info, 'description').trim(),
    remediation: textAt(info, 'remediation').trim(),
    references: textsAt(info, ['reference', 'references'], byLine),
    tags: textsAt(info, ['tags'], byComma),
    cve: identifiers([...textsAt(classification, ['cve-id'], byComma), template], CVE),
    cwe: identifiers(textsAt(classification, ['cwe-id'], byComma), CWE),
    cvss: cvssOf(classification),
    timestamp: textAt(value, 'timestamp'),
    isMatch: value['matcher-status'] !== false,
  };
}

function portAt(value: JsonObject): number | undefined {
  const port = numberAt(value, 'port');
  return port !== undefined && Number.isInteger(port) && port >= 1 && port <= 65_535 ? port : undefined;
}

/** Each once, in upper case. A template for one CVE has its number for a name. */
const identifiers = (texts: readonly string[], pattern: RegExp): string[] => [
  ...new Set(texts.map((text) => text.toUpperCase()).filter((text) => pattern.test(text))),
];

function cvssOf(classification: JsonObject): Cvss | undefined {
  const score = numberAt(classification, 'cvss-score');
  if (score === undefined || score < 0 || score > 10) return undefined;
  const vector = textAt(classification, 'cvss-metrics');
  const version = CVSS_VECTOR.exec(vector)?.[1];
  if (version === '3.0' || version === '3.1' || version === '4.0') return { version, vector, score };
  return { score };
}
