/** Running the .nessus parser over whole inputs, its corpora, and documents of our own. */
import * as z from 'zod';
import { nessusParser } from '#containers/scan-worker/scanners/nessus/parse.ts';
import { corporaOf } from './corpora.ts';
import { type Input, type Parsed, parseWith } from './parsing.ts';

const Whole = z.object({
  root: z.string(),
  hosts: z.int(),
  items: z.int(),
  /** By Nessus' digit. */
  severity: z.record(z.string(), z.int()),
  cves: z.int(),
  plugin_outputs: z.int(),
});
/** Of an ill-formed file: what others read before they gave up. */
const Broken = z.object({ hosts_before_error: z.int(), items_before_error: z.int() });

/** Empty where there are no corpora. */
export const nessusCorpora = () => corporaOf('nessus', z.union([Whole, Broken]));

export const parseNessus = (input: Uint8Array | string, more: Input = {}): Parsed =>
  parseWith(nessusParser, input, more);

/** A file around `hosts`, as Nessus writes it. */
export const nessusDocument = (hosts: string): string =>
  `<?xml version="1.0" ?>\n<NessusClientData_v2>\n<Policy><policyName>Basic Network Scan</policyName></Policy>\n` +
  `<Report name="a scan" xmlns:cm="http://www.nessus.org/cm">\n${hosts}</Report>\n</NessusClientData_v2>\n`;

const ENDED = '<tag name="HOST_END">Fri Nov 20 10:00:00 2026</tag>\n<tag name="host-ip">192.0.2.7</tag>\n';

/** `properties`: those of a host whose scan came to an end, unless given. */
export const nessusHost = (items: string, properties = ENDED, name = '192.0.2.7'): string =>
  `<ReportHost name="${name}"><HostProperties>\n${properties}</HostProperties>\n${items}</ReportHost>\n`;

/** An item with `elements` inside; attributes as given, or else those of a weakness in a web server. */
export function nessusItem(elements = '', attributes: Readonly<Record<string, string | number>> = {}): string {
  const all = {
    port: 443,
    svc_name: 'www',
    protocol: 'tcp',
    severity: 2,
    pluginID: 51192,
    pluginName: 'SSL Certificate Cannot Be Trusted',
    pluginFamily: 'General',
    ...attributes,
  };
  const written = Object.entries(all).map(([key, value]) => ` ${key}="${value}"`);
  return `<ReportItem${written.join('')}>\n${elements}</ReportItem>\n`;
}
