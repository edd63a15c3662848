/** One `<ReportItem>` of a .nessus file: what one plugin has to say of one port. */
import { type Attributes, XmlError } from '../../xml/tokenizer.ts';

export interface NessusItem {
  /** A number; 0 for a port that was found and that no plugin has anything to say of. */
  readonly plugin: string;
  readonly name: string;
  readonly family: string;
  /** Nessus' name of what listens there; with a ? where it guesses by the port. */
  readonly service: string;
  /** `0` to `4`. */
  readonly severity: string;
  /** 0 for what is said of the host as a whole. */
  readonly port: number;
  readonly protocol: string;
  /** By element, those of KEPT_ELEMENTS that it has. What stood in several elements of one name is one text, a line each. */
  readonly texts: Map<string, string>;
}

/** Elements that are true or absent, and the tag a finding has for each. */
export const FLAGS: ReadonlyMap<string, string> = new Map([
  ['exploit_available', 'exploit-available'],
  ['exploited_by_malware', 'exploited-by-malware'],
  ['exploited_by_nessus', 'exploited-by-nessus'],
  ['exploit_framework_metasploit', 'metasploit'],
  ['exploit_framework_core', 'core-impact'],
  ['exploit_framework_canvas', 'canvas'],
  ['in_the_news', 'in-the-news'],
  ['unsupported_by_vendor', 'unsupported-by-vendor'],
  ['default_account', 'default-account'],
]);

/** Elements whose text is kept (Tenable, "Nessus v2 file format"; `cvss` and `cvssv3` are of scans of web applications). */
export const KEPT_ELEMENTS: ReadonlySet<string> = new Set([
  'description',
  'synopsis',
  'solution',
  'plugin_output',
  'risk_factor',
  'see_also',
  'cve',
  'cwe',
  'xref',
  'bid',
  'cpe',
  'cvss_base_score',
  'cvss_vector',
  'cvss3_base_score',
  'cvss3_vector',
  'cvss4_base_score',
  'cvss4_vector',
  'cvss',
  'cvssv3',
  'vpr_score',
  'vuln_publication_date',
  'patch_publication_date',
  'cm:compliance-check-name',
  'cm:compliance-check-id',
  'cm:compliance-result',
  ...FLAGS.keys(),
]);

/** Throws XmlError for a port or a plugin that is no number. */
export function readItem(attributes: Attributes): NessusItem {
  return {
    plugin: numberAt(attributes, 'pluginID', 10),
    name: attributes.get('pluginName') ?? '',
    family: attributes.get('pluginFamily') ?? '',
    service: attributes.get('svc_name') ?? '',
    severity: attributes.get('severity') ?? '',
    port: portAt(attributes),
    protocol: (attributes.get('protocol') ?? '').toLowerCase(),
    texts: new Map(),
  };
}

function portAt(attributes: Attributes): number {
  const port = Number(numberAt(attributes, 'port', 5));
  if (port > 65_535) throw new XmlError(`the port ${port}`);
  return port;
}

const NUMBER = /^\d+$/;

function numberAt(attributes: Attributes, key: string, maxDigits: number): string {
  const text = attributes.get(key) ?? '';
  if (text.length > maxDigits || !NUMBER.test(text))
    throw new XmlError(`a ${key} that is no number: ${JSON.stringify(text.slice(0, 20))}`);
  return text;
}
