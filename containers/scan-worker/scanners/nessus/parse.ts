/**
 * A .nessus file (version 2) to findings, as a stream: each item is delivered when its end tag was read, each host when its own was, so
 * that a cut file gives whole items, and only the hosts that it holds to their end.
 */
import { noFindings } from '#shared/finding/severity.ts';
import { MAX_ADDRESSES_PER_JOB } from '#shared/limits.ts';
import type { ParseContext, Parser, ParseSink, ParseSummary } from '../../scanner.ts';
import { type Attributes, XmlError, type XmlFault, type XmlHandler, XmlTokenizer } from '../../xml/tokenizer.ts';
import { canonicalAddress, spellingsOf } from '../addresses.ts';
import { type FoundAt, findingOf, foundAt } from './findings.ts';
import { hostSeen, ipOf, KEPT_PROPERTIES, type NessusHost } from './host.ts';
import { KEPT_ELEMENTS, type NessusItem, readItem } from './item.ts';

/** All of an item is kept until its end: hundreds of times the longest plugin output there is. */
const MAX_ITEM_BYTES = 16 * 1024 * 1024;
/** Longer names and properties of hosts are none. */
const MAX_HOST_TEXT_CHARS = 2_048;

/** What is known in the middle of a file. */
interface Reading {
  rootSeen: boolean;
  host?: NessusHost | undefined;
  item?: NessusItem | undefined;
  /** The element or property whose text is kept, and the text so far. */
  kept?: string | undefined;
  text: string;
}

/** Reads a .nessus file. `records` of the summary are its items. */
export function nessusParser(sink: ParseSink, context: ParseContext): Parser {
  const reading: Reading = { rootSeen: false, text: '' };
  const deliver = delivery(sink, context);
  const tokenizer: XmlTokenizer = new XmlTokenizer(nessusHandler(reading, deliver, () => tokenizer.offset));
  return {
    write: (chunk) => tokenizer.write(chunk),
    end: () => ({ ...deliver.counts, partial: partialOf(tokenizer.end(), reading), details: {} }),
  };
}

function nessusHandler(reading: Reading, deliver: Delivery, offset: () => number): XmlHandler {
  let itemStart = 0;
  const checkLength = () => {
    if (reading.item !== undefined && offset() - itemStart > MAX_ITEM_BYTES)
      throw new XmlError(`an item that takes over ${MAX_ITEM_BYTES} bytes`);
  };
  return {
    open(name, attributes) {
      if (!reading.rootSeen) checkRoot(name);
      reading.rootSeen = true;
      reading.text = '';
      checkLength();
      if (name === 'ReportItem') itemStart = offset();
      open(reading, name, attributes);
    },
    text(text) {
      checkLength();
      if (reading.item !== undefined || reading.text.length < MAX_HOST_TEXT_CHARS) reading.text += text;
    },
    wantsText: () => reading.kept !== undefined,
    close(name) {
      if (reading.kept !== undefined) keepText(reading, reading.kept);
      else if (name === 'ReportItem') endItem(reading, deliver.item);
      else if (name === 'ReportHost') endHost(reading, deliver.host);
    },
  };
}

function checkRoot(name: string): void {
  if (name === 'NessusClientData')
    throw new XmlError('version 1 of the format, which is not supported: let Nessus export it anew');
  if (name !== 'NessusClientData_v2') throw new XmlError(`the document element is <${name}>`);
}

function open(reading: Reading, name: string, attributes: Attributes): void {
  const { host, item } = reading;
  if (name === 'ReportHost') reading.host = beginHost(host, attributes);
  else if (name === 'ReportItem') reading.item = beginItem(host, item, attributes);
  else if (item !== undefined) reading.kept = KEPT_ELEMENTS.has(name) ? name : undefined;
  else reading.kept = host === undefined || name !== 'tag' ? undefined : propertyAt(attributes);
}

function beginHost(outer: NessusHost | undefined, attributes: Attributes): NessusHost {
  if (outer !== undefined) throw new XmlError('a host inside a host');
  return { name: ownText(attributes.get('name') ?? ''), properties: new Map(), dead: false };
}

function beginItem(host: NessusHost | undefined, outer: NessusItem | undefined, attributes: Attributes): NessusItem {
  if (host === undefined || outer !== undefined) throw new XmlError('an item that belongs to no host');
  return readItem(attributes);
}

function propertyAt(attributes: Attributes): string | undefined {
  const name = attributes.get('name') ?? '';
  return KEPT_PROPERTIES.has(name) ? name : undefined;
}

/** The text of the element that ends. */
function keepText(reading: Reading, kept: string): void {
  const { host, item, text } = reading;
  reading.kept = undefined;
  if (item === undefined) {
    host?.properties.set(kept, ownText(text));
    return;
  }
  const before = item.texts.get(kept);
  item.texts.set(kept, before === undefined ? text : `${before}\n${text}`);
}

/** Of plugin 10180, which pings a host: `… is considered as dead - not scanning`. */
const DEAD = 'considered as dead';

function endItem(reading: Reading, deliver: Delivery['item']): void {
  const { host, item } = reading;
  reading.item = undefined;
  if (host === undefined || item === undefined) return;
  if (item.plugin === '10180' && item.texts.get('plugin_output')?.includes(DEAD)) host.dead = true;
  deliver(host, item);
}

function endHost(reading: Reading, deliver: Delivery['host']): void {
  const { host } = reading;
  reading.host = undefined;
  if (host !== undefined) deliver(host);
}

/** A copy: what V8 cuts from a longer text keeps that alive, and hosts are remembered to the end of a run. */
const ownText = (text: string): string => Buffer.from(text.slice(0, MAX_HOST_TEXT_CHARS)).toString();

interface Delivery {
  item(host: NessusHost, item: NessusItem): void;
  host(host: NessusHost): void;
}

/** Turns whole items and hosts into what the sink gets, and counts. */
function delivery(sink: ParseSink, context: ParseContext): Delivery & { readonly counts: Counts } {
  const counts = { records: 0, hosts: 0, hostsUp: 0, findings: 0, bySeverity: noFindings() };
  const spellings = spellingsOf(context.targets ?? []);
  /** Of the host being read, once for each of its names. */
  let places: readonly FoundAt[] | undefined;
  const placesOf = (host: NessusHost) => {
    const names = spellings.get(canonicalAddress(ipOf(host) ?? host.name));
    return names === undefined ? [foundAt(host, context)] : names.map((name) => foundAt(host, context, name));
  };
  return {
    counts,
    item(host, item) {
      counts.records += 1;
      places ??= placesOf(host);
      for (const place of places) {
        const finding = findingOf(item, place);
        counts.findings += 1;
        counts.bySeverity[finding.severity] += 1;
        sink.finding(finding);
      }
    },
    host(host) {
      places = undefined;
      if (counts.hosts === MAX_ADDRESSES_PER_JOB) throw new XmlError(`more than ${MAX_ADDRESSES_PER_JOB} hosts`);
      const seen = hostSeen(host);
      counts.hosts += 1;
      if (seen.state !== 'down') counts.hostsUp += 1;
      sink.host(seen);
    },
  };
}

type Counts = Pick<ParseSummary, 'records' | 'findings' | 'bySeverity'> & { hosts: number; hostsUp: number };

function partialOf(fault: XmlFault | undefined, { rootSeen }: Reading): ParseSummary['partial'] {
  if (fault === undefined) return false;
  return rootSeen ? fault : { ...fault, reason: `not a .nessus file: ${fault.reason}` };
}
