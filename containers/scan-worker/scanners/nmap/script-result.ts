/**
 * What the output of an NSE script amounts to. nmap gives no severities, so this is our table (docs/scanners.md):
 *
 * | output                                                    | finding                                  |
 * | empty, or an error of the script itself                   | none                                     |
 * | VULNERABLE or LIKELY VULNERABLE, with CVSS scores         | the band of the highest score            |
 * | VULNERABLE or LIKELY VULNERABLE, without                  | high                                     |
 * | a table of CVE numbers and scores, as `vulners` writes it | the band of the highest score            |
 * | anything else, NOT VULNERABLE included                    | info                                     |
 */
import type { Cvss } from '#shared/finding/finding.ts';
import { type Severity, severityOfCvss } from '#shared/finding/severity.ts';

export interface ScriptResult {
  readonly severity: Severity;
  /** The name of the vulnerability, in the script's words. */
  readonly title?: string;
  readonly cve: readonly string[];
  readonly cvss?: Cvss;
}

/** A longer output is judged by its beginning. */
const MAX_JUDGED_CHARS = 256 * 1024;
const MAX_CVES = 500;

/** Headings of NSE's library `vulns` (https://nmap.org/nsedoc/lib/vulns.html), and the state each entry under one gives of itself. */
const HEADING = /^[ \t]*((?:NOT |LIKELY )?VULNERABLE):[ \t]*$/gm;
const STATE = /^[ \t]*State: ([A-Z]+(?: [A-Z]+)?)/m;
const POSITIVE: ReadonlySet<string> = new Set(['VULNERABLE', 'LIKELY VULNERABLE']);
const CVE = /\bCVE-\d{4}-\d{4,19}\b/gi;
/** As in `CVSSv2: 10.0 (HIGH) (AV:N/AC:L/Au:N/C:C/I:C/A:C)`. */
const SCORE = /\bCVSS(?:v?([234])(?:\.\d)?)?: *(\d{1,2}(?:\.\d)?)(?: *\([A-Z]+\))?(?: *\(([\w:./-]{1,200})\))?/g;
/** As in `CVE-2018-15919 5.0 https://vulners.com/cve/CVE-2018-15919`; of which version the score is, vulners does not say. */
const TABLE_ROW = /^[ \t]*CVE-\d{4}-\d{4,19}[ \t]+(\d{1,2}(?:\.\d)?)\b/gim;

/** Undefined for an output that is no result. */
export function judgeScript(output: string): ScriptResult | undefined {
  const text = output.slice(0, MAX_JUDGED_CHARS).trim();
  if (text === '' || text.startsWith('ERROR')) return undefined;
  const reports = text.includes('VULNERABLE') ? vulnerabilityReports(text) : [];
  if (reports.length > 0) {
    const affected = reports.filter(({ state }) => POSITIVE.has(state)).map((report) => report.text);
    return affected.length > 0 ? vulnerability(affected.join('\n')) : { severity: 'info', cve: [] };
  }
  const cve = cvesOf(text);
  const cvss =
    cve.length === 0
      ? undefined
      : highestOf([...text.matchAll(TABLE_ROW)].map(([, score]) => ({ score: Number(score) })));
  return cvss === undefined ? { severity: 'info', cve } : { severity: severityOfCvss(cvss.score), cve, cvss };
}

/** The parts of an output as the library `vulns` writes it, each with its state: what stands under a heading holds to the next. */
function vulnerabilityReports(text: string): { state: string; text: string }[] {
  const headings = [...text.matchAll(HEADING)];
  if (headings.length === 0) {
    const state = STATE.exec(text)?.[1];
    return state === undefined ? [] : [{ state, text }];
  }
  return headings.map((heading, i) => {
    const part = text.slice(heading.index + heading[0].length, headings[i + 1]?.index);
    return { state: STATE.exec(part)?.[1] ?? (heading[1] as string), text: part };
  });
}

function vulnerability(part: string): ScriptResult {
  const cvss = highestOf(
    [...part.matchAll(SCORE)].map(([, version, score, vector]) => ({
      ...versionOf(version, vector),
      ...(vector === undefined ? {} : { vector }),
      score: Number(score),
    })),
  );
  const title = part.trim().split('\n', 1)[0]?.trim();
  return {
    severity: cvss === undefined ? 'high' : severityOfCvss(cvss.score),
    ...(title ? { title } : {}),
    cve: cvesOf(part),
    ...(cvss === undefined ? {} : { cvss }),
  };
}

function versionOf(major: string | undefined, vector: string | undefined): Pick<Cvss, 'version'> {
  if (major === '2') return { version: '2.0' };
  if (major === '3') return { version: vector?.startsWith('CVSS:3.1') ? '3.1' : '3.0' };
  return major === '4' ? { version: '4.0' } : {};
}

function highestOf(scores: readonly Cvss[]): Cvss | undefined {
  return scores
    .filter(({ score }) => score <= 10)
    .reduce<Cvss | undefined>((best, cvss) => (best === undefined || cvss.score > best.score ? cvss : best), undefined);
}

function cvesOf(text: string): string[] {
  const found = new Set<string>();
  for (const [cve] of text.matchAll(CVE)) {
    found.add(cve.toUpperCase());
    if (found.size === MAX_CVES) break;
  }
  return [...found];
}
