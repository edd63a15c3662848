/** A finding from one record of nuclei. */
import type { Finding, Location } from '#shared/finding/finding.ts';
import { fingerprint } from '#shared/finding/fingerprint.ts';
import { SEVERITIES, type Severity, severityOfCvss } from '#shared/finding/severity.ts';
import { isoOf } from '../../json/time.ts';
import { endpointOf } from './endpoint.ts';
import type { NucleiRecord } from './record.ts';

const MAX_TITLE_CHARS = 200;
const MAX_EVIDENCE_CHARS = 64 * 1024;

/** What templates write where they want a text that is there by no chance: a KSUID, 27 digits and letters, another in each run. */
const RANDOM_TEXT = /(?<![0-9A-Za-z])[0-9A-Za-z]{27}(?![0-9A-Za-z])/g;

/** `fallback`: time and host of a record that says none. */
export function findingOf(record: NucleiRecord, fallback: { detectedAt: string; host: string }): Finding {
  const location = locate(record, fallback.host);
  const rule = record.matcher === '' ? record.template : `${record.template}:${record.matcher}`;
  return {
    id: fingerprint('nuclei', rule, stable(location)),
    scanner: 'nuclei',
    rule,
    title: titleOf(record),
    severity: severityOf(record),
    location,
    description: record.description || undefined,
    evidence: record.extracted.join('\n').slice(0, MAX_EVIDENCE_CHARS) || undefined,
    remediation: record.remediation || undefined,
    references: unlessEmpty(record.references),
    cve: unlessEmpty(record.cve),
    cwe: unlessEmpty(record.cwe),
    cvss: record.cvss,
    tags: unlessEmpty(record.tags),
    detectedAt: isoOf(record.timestamp) ?? fallback.detectedAt,
    raw: { template: record.template, type: record.type, host: record.host, matchedAt: record.matchedAt },
  };
}

const unlessEmpty = (texts: readonly string[]): readonly string[] | undefined => (texts.length > 0 ? texts : undefined);

function titleOf({ name, template, matcher }: NucleiRecord): string {
  const title = name || template;
  return (matcher === '' ? title : `${title}: ${matcher}`).slice(0, MAX_TITLE_CHARS);
}

/**
 * nuclei's words are ours. A template that says `unknown`, nothing, or another word has the band of its CVSS score; without one it is
 * `low`, as what nobody has judged must not pass for harmless.
 */
function severityOf({ severity, cvss }: NucleiRecord): Severity {
  const known = SEVERITIES.find((word) => word === severity);
  return known ?? (cvss === undefined ? 'low' : severityOfCvss(cvss.score));
}

function locate({ host, matchedAt, ip, port, type }: NucleiRecord, fallbackHost: string): Location {
  const asked = endpointOf(host);
  const matched = endpointOf(matchedAt);
  const at = port ?? matched.port ?? asked.port;
  const hasPort = at !== undefined && type !== 'dns';
  return {
    host: asked.host || matched.host || fallbackHost,
    ...(ip === '' ? {} : { ip }),
    ...(hasPort ? { port: at, protocol: 'tcp' } : {}),
    ...(matched.url === undefined ? {} : { url: matched.url }),
  };
}

const stable = (location: Location): Location =>
  location.url === undefined ? location : { ...location, url: location.url.replace(RANDOM_TEXT, '{random}') };
