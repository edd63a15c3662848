/**
 * A finding from one item of a .nessus file. Severities (docs/scanners.md):
 *
 * | `severity`                          | finding                                                  |
 * | 0, 1, 2, 3, 4                       | info, low, medium, high, critical                        |
 * | another or none, with `risk_factor` | None: info; Low, Medium, High and Critical as they say   |
 * | neither                             | low: what nobody has judged must not pass for harmless   |
 *
 * A CVSS score stands beside it as it is: Nessus judges by it, or as its user told it to.
 */
import type { Cvss, Finding, Location } from '#shared/finding/finding.ts';
import { fingerprint } from '#shared/finding/fingerprint.ts';
import { SEVERITIES, type Severity } from '#shared/finding/severity.ts';
import { detectedAtOf, ipOf, type NessusHost } from './host.ts';
import { FLAGS, type NessusItem } from './item.ts';

const MAX_TITLE_CHARS = 200;
/** Longer texts are cut in the finding; the raw output in the store has them whole. */
const MAX_TEXT_CHARS = 64 * 1024;
const MAX_LISTED = 500;

/** Where an item's host is, and when it was scanned: the same for all of its items. */
export interface FoundAt {
  readonly location: Location;
  readonly detectedAt: string;
}

/** `name`: what findings are to call the host, which is else the name in the file. */
export function foundAt(host: NessusHost, fallback: { detectedAt: string }, name?: string): FoundAt {
  const url = URL.canParse(host.name) ? new URL(host.name) : undefined;
  const ip = ipOf(host);
  return {
    location: {
      host: name ?? (url?.hostname || host.name),
      ...(ip === undefined ? {} : { ip }),
      ...(url === undefined ? {} : { url: host.name }),
    },
    detectedAt: detectedAtOf(host) ?? fallback.detectedAt,
  };
}

export function findingOf(item: NessusItem, { location: at, detectedAt }: FoundAt): Finding {
  const { texts } = item;
  const rule = ruleOf(item);
  const location: Location = { ...at, protocol: item.protocol, ...(item.port === 0 ? {} : { port: item.port }) };
  const xrefs = linesOf(texts, 'xref');
  return {
    id: fingerprint('nessus', rule, location),
    scanner: 'nessus',
    rule,
    title: titleOf(item).slice(0, MAX_TITLE_CHARS),
    severity: severityOf(item),
    location,
    description: textOf(texts, 'description') ?? textOf(texts, 'synopsis'),
    evidence: textOf(texts, 'plugin_output'),
    remediation: remediationOf(textOf(texts, 'solution')),
    references: unlessEmpty([...linesOf(texts, 'see_also'), ...xrefs.filter((xref) => !CWE.test(xref))]),
    cve: unlessEmpty(cvesOf(linesOf(texts, 'cve'))),
    cwe: unlessEmpty(cwesOf([...linesOf(texts, 'cwe'), ...xrefs.filter((xref) => CWE.test(xref))])),
    cvss: cvssOf(texts),
    tags: unlessEmpty(tagsOf(item)),
    detectedAt,
    raw: rawOf(item),
  };
}

const unlessEmpty = (texts: readonly string[]): readonly string[] | undefined => (texts.length > 0 ? texts : undefined);

type Texts = NessusItem['texts'];

function textOf(texts: Texts, element: string): string | undefined {
  const text = texts.get(element)?.trim();
  if (text === undefined || text === '') return undefined;
  return text.length > MAX_TEXT_CHARS ? `${text.slice(0, MAX_TEXT_CHARS)}… (cut)` : text;
}

/** What stands in elements of that name: one each, or one a line. */
function linesOf(texts: Texts, element: string): string[] {
  const text = texts.get(element);
  if (text === undefined) return NO_LINES;
  return text
    .split('\n', MAX_LISTED)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
const NO_LINES: string[] = [];

/** The plugin's number; a check of compliance is one of many that one plugin makes, so that its own name belongs to it. */
function ruleOf({ plugin, texts }: NessusItem): string {
  const check = texts.get('cm:compliance-check-id') ?? texts.get('cm:compliance-check-name');
  return check === undefined ? plugin : `${plugin}:${check.trim().slice(0, MAX_TITLE_CHARS)}`;
}

/** Plugin 0 has no name: it notes a port that is open. */
function titleOf({ plugin, name, port, protocol, service, texts }: NessusItem): string {
  const title = texts.get('cm:compliance-check-name')?.trim() || name;
  if (title !== '') return title;
  if (plugin !== '0') return `Plugin ${plugin}`;
  return port === 0 ? `Host answers over ${protocol}` : `Open port ${port}/${protocol} (${service})`;
}

/** By the digit. */
const BY_DIGIT: readonly Severity[] = ['info', 'low', 'medium', 'high', 'critical'];

function severityOf({ severity, texts }: NessusItem): Severity {
  const judged = severity.length === 1 ? BY_DIGIT[Number(severity)] : undefined;
  if (judged !== undefined) return judged;
  const risk = texts.get('risk_factor')?.trim().toLowerCase();
  return risk === 'none' ? 'info' : (SEVERITIES.find((word) => word === risk) ?? 'low');
}

/** Nessus writes `n/a` where there is nothing to do. */
const remediationOf = (solution: string | undefined): string | undefined =>
  solution === undefined || solution.toLowerCase() === 'n/a' ? undefined : solution;

const CVE = /^CVE-\d{4}-\d{4,19}$/;
/** As in `<cwe>79</cwe>` and `<xref>CWE:79</xref>`. */
const CWE = /^(?:CWE:)?(\d{1,6})$/;

const cvesOf = (lines: readonly string[]): string[] => [
  ...new Set(lines.map((line) => line.toUpperCase()).filter((line) => CVE.test(line))),
];

const cwesOf = (lines: readonly string[]): string[] => [
  ...new Set(lines.flatMap((line) => (CWE.test(line) ? line.replace(CWE, 'CWE-$1') : []))),
];

/** The newest there is. Scans of web applications give scores alone. */
function cvssOf(texts: Texts): Cvss | undefined {
  return (
    cvssAt(texts, '4.0', 'cvss4_base_score', 'cvss4_vector') ??
    cvssAt(texts, '3.0', 'cvss3_base_score', 'cvss3_vector') ??
    cvssAt(texts, '3.0', 'cvssv3') ??
    cvssAt(texts, '2.0', 'cvss_base_score', 'cvss_vector') ??
    cvssAt(texts, '2.0', 'cvss')
  );
}

const SCORE = /^\d{1,2}(?:\.\d{1,2})?$/;
/** Vectors of version 2 begin with `CVSS2#`, of 3 and 4 with `CVSS:3.0/` and the like, of any version in old files with nothing. */
const VECTOR = /^(?:CVSS2#)?([A-Za-z][\w:./-]{1,200})$/;

function cvssAt(texts: Texts, version: Cvss['version'], scoreElement: string, vectorElement = ''): Cvss | undefined {
  const score = texts.get(scoreElement)?.trim() ?? '';
  if (!SCORE.test(score) || Number(score) > 10) return undefined;
  const vector = VECTOR.exec(texts.get(vectorElement)?.trim() ?? '')?.[1];
  if (vector === undefined) return { version, score: Number(score) };
  return { version: vector.startsWith('CVSS:3.1/') ? '3.1' : version, vector, score: Number(score) };
}

function tagsOf({ family, texts }: NessusItem): string[] {
  const tags = family === '' ? [] : [family];
  for (const [element, tag] of FLAGS) if (texts.get(element)?.trim() === 'true') tags.push(tag);
  return tags;
}

/** What the finding has no place for, by Nessus' own names. */
const RAW_ELEMENTS = [
  'synopsis',
  'risk_factor',
  'cvss_vector',
  'cvss3_vector',
  'cvss4_vector',
  'vpr_score',
  'cpe',
  'bid',
  'vuln_publication_date',
  'patch_publication_date',
  'cm:compliance-result',
];

function rawOf({ service, severity, texts }: NessusItem): Record<string, string | undefined> {
  const raw: Record<string, string | undefined> = { svc_name: service, severity };
  for (const element of RAW_ELEMENTS) {
    const text = textOf(texts, element);
    if (text !== undefined) raw[element] = text;
  }
  return raw;
}
