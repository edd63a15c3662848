/**
 * nmap's XML (`-oX`) to findings, as a stream. A host is delivered when its end tag was read, so a cut file gives whole hosts only.
 * Elements we do not use are passed over, `<hosthint>` and pre- and postscripts (which belong to no host) among them.
 */
import { noFindings } from '#shared/finding/severity.ts';
import type { ParseContext, Parser, ParseSink, ParseSummary } from '../../scanner.ts';
import { type Attributes, XmlError, type XmlFault, type XmlHandler, XmlTokenizer } from '../../xml.ts';
import { canonicalAddress, spellingsOf } from './addresses.ts';
import { findingsOf, ownName } from './findings.ts';
import { addressOf, hostSeen, type NmapHost, type NmapPort, noteAnswer } from './host.ts';

/** All of a host is kept until its end; one with 65,535 open ports and their services takes about 25 MB. */
export const MAX_HOST_BYTES = 32 * 1024 * 1024;
/** All there are, of TCP, UDP and SCTP. */
const MAX_PORTS = 3 * 65_536;
const MAX_MESSAGE_CHARS = 1_000;

/** Named by nmap 6; its DTD says nothing we need. */
const KNOWN_DTD = /^-\/\/IDN nmap\.org\/\/DTD Nmap XML [\d.]{1,8}\/\/EN$/;

/** A kind of scan as nmap names it in `<scaninfo type>`; there is one for each protocol. */
const MAX_TECHNIQUES = 8;

/** What is known in the middle of a file. */
interface Reading {
  readonly context: ParseContext;
  rootSeen: boolean;
  host?: NmapHost | undefined;
  port?: NmapPort | undefined;
  /** The state of the ports an `<extraports>` sums up. */
  extraState: string;
  readonly techniques: Set<string>;
  version: string;
  exit: string;
  errorMessage: string;
  total: number;
}

type Reader = (reading: Reading, attributes: Attributes) => void;

/** What each element says when it begins. Those of a host are asked only inside one: `<hosthint>` has some of the same. */
const RUN_ELEMENTS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  [
    'nmaprun',
    (reading, attributes) => {
      reading.version = attributes.get('version') ?? '';
    },
  ],
  [
    'scaninfo',
    ({ techniques }, attributes) => {
      if (techniques.size < MAX_TECHNIQUES) techniques.add(attributes.get('type') ?? '');
    },
  ],
  [
    'host',
    (reading, attributes) => {
      reading.host = newHost(attributes, reading.context);
    },
  ],
  [
    'finished',
    (reading, attributes) => {
      reading.exit = attributes.get('exit') ?? '';
      reading.errorMessage = (attributes.get('errormsg') ?? '').slice(0, MAX_MESSAGE_CHARS);
    },
  ],
  [
    'hosts',
    (reading, attributes) => {
      reading.total = Number(attributes.get('total') ?? -1);
    },
  ],
]);

type HostReader = (host: NmapHost, attributes: Attributes, reading: Reading) => void;

const HOST_ELEMENTS: ReadonlyMap<string, HostReader> = new Map<string, HostReader>([
  [
    'host',
    () => {
      throw new XmlError('a host inside a host');
    },
  ],
  [
    'status',
    (host, attributes) => {
      host.state = attributes.get('state') ?? '';
      host.reason = attributes.get('reason') ?? '';
    },
  ],
  ['address', readAddress],
  ['hostname', readHostname],
  [
    'extraports',
    (_, attributes, reading) => {
      reading.extraState = attributes.get('state') ?? '';
    },
  ],
  ['extrareasons', (host, attributes, { extraState }) => noteAnswer(host, extraState, attributes.get('reason') ?? '')],
  [
    'port',
    (_, attributes, reading) => {
      reading.port = newPort(attributes);
    },
  ],
  [
    'state',
    (host, attributes, { port }) => {
      if (port === undefined) return;
      port.state = attributes.get('state') ?? '';
      port.reason = attributes.get('reason') ?? '';
      noteAnswer(host, port.state, port.reason);
    },
  ],
  ['service', readService],
  [
    'script',
    (host, attributes, { port }) => {
      const id = attributes.get('id') ?? '';
      if (id !== '') (port ?? host).scripts.push({ id, output: attributes.get('output') ?? '' });
    },
  ],
]);

function newHost(attributes: Attributes, { detectedAt }: ParseContext): NmapHost {
  const seconds = Number(attributes.get('endtime') ?? 0);
  return {
    // Up to the year 9999, which is as far as ISO 8601 goes without more digits.
    detectedAt: seconds > 0 && seconds < 253_402_300_800 ? new Date(seconds * 1000).toISOString() : detectedAt,
    timedOut: attributes.get('timedout') === 'true',
    state: '',
    reason: '',
    ip: '',
    mac: '',
    userNames: [],
    otherNames: [],
    ports: [],
    scripts: [],
  };
}

function newPort(attributes: Attributes): NmapPort {
  const number = attributes.get('portid') ?? '';
  const port = Number(number);
  if (!/^\d{1,5}$/.test(number) || port > 65_535)
    throw new XmlError(`a port numbered ${JSON.stringify(number.slice(0, 20))}`);
  return { protocol: attributes.get('protocol') ?? '', port, state: '', reason: '', service: {}, cpe: [], scripts: [] };
}

function readAddress(host: NmapHost, attributes: Attributes): void {
  const address = attributes.get('addr') ?? '';
  if (attributes.get('addrtype') === 'mac') host.mac ||= address;
  else host.ip ||= address;
}

function readHostname(host: NmapHost, attributes: Attributes): void {
  const name = attributes.get('name') ?? '';
  if (name !== '') (attributes.get('type') === 'user' ? host.userNames : host.otherNames).push(name);
}

const SERVICE_ATTRIBUTES = ['name', 'tunnel', 'product', 'version', 'extrainfo', 'method'] as const;

function readService(_: NmapHost, attributes: Attributes, { port }: Reading): void {
  if (port === undefined) return;
  for (const key of SERVICE_ATTRIBUTES) {
    const value = attributes.get(key);
    if (value !== undefined) port.service[key] = value;
  }
}

/** Reads nmap's XML. `details` of the summary: exit, errorMessage, total, technique, version; see outcome.ts and coverage.ts. */
export function nmapParser(sink: ParseSink, context: ParseContext): Parser {
  const reading: Reading = {
    context,
    rootSeen: false,
    extraState: '',
    techniques: new Set(),
    version: '',
    exit: '',
    errorMessage: '',
    total: -1,
  };
  const deliver = hostDelivery(sink, context);
  const tokenizer: XmlTokenizer = new XmlTokenizer(
    nmapHandler(reading, deliver.host, () => tokenizer.offset),
    KNOWN_DTD,
  );
  return {
    write: (chunk) => tokenizer.write(chunk),
    end: () => ({
      ...deliver.counts,
      partial: partialOf(tokenizer.end(), reading),
      details: {
        exit: reading.exit,
        errorMessage: reading.errorMessage,
        total: reading.total,
        technique: [...reading.techniques].join(','),
        version: reading.version,
      },
    }),
  };
}

function nmapHandler(reading: Reading, deliver: (host: NmapHost) => void, offset: () => number): XmlHandler {
  let hostStart = 0;
  return {
    open(name, attributes) {
      if (!reading.rootSeen) {
        if (name !== 'nmaprun') throw new XmlError(`the document element is <${name}>`);
        reading.rootSeen = true;
      }
      const { host } = reading;
      if (host === undefined) {
        hostStart = offset();
        RUN_ELEMENTS.get(name)?.(reading, attributes);
        return;
      }
      if (offset() - hostStart > MAX_HOST_BYTES) throw new XmlError(`a host that takes over ${MAX_HOST_BYTES} bytes`);
      HOST_ELEMENTS.get(name)?.(host, attributes, reading);
    },
    text(text) {
      reading.port?.cpe.push(text);
    },
    wantsText: (name) => name === 'cpe',
    close(name) {
      const { host } = reading;
      if (host === undefined) return;
      if (name === 'port') endPort(host, reading);
      if (name === 'extraports') noteAnswer(host, reading.extraState, '');
      if (name !== 'host') return;
      reading.host = undefined;
      deliver(host);
    },
  };
}

/** Keeps a port that has something to say. */
function endPort(host: NmapHost, reading: Reading): void {
  const { port } = reading;
  reading.port = undefined;
  if (port === undefined || (port.state !== 'open' && port.scripts.length === 0)) return;
  if (host.ports.length === MAX_PORTS) throw new XmlError(`a host with more than ${MAX_PORTS} ports`);
  host.ports.push(port);
}

/** Turns whole hosts into what the sink gets, and counts. */
function hostDelivery(sink: ParseSink, { targets = [] }: ParseContext) {
  const counts = { records: 0, hosts: 0, hostsUp: 0, openPorts: 0, findings: 0, bySeverity: noFindings() };
  const spellings = spellingsOf(targets);
  return {
    counts,
    host(host: NmapHost): void {
      counts.records += 1;
      counts.hosts += 1;
      if (host.state === 'up') counts.hostsUp += 1;
      for (const port of host.ports) if (port.state === 'open') counts.openPorts += 1;
      sink.host(hostSeen(host));
      const names = spellings.size === 0 ? undefined : spellings.get(canonicalAddress(addressOf(host)));
      for (const finding of findingsOf(host, names ?? [ownName(host)])) {
        counts.findings += 1;
        counts.bySeverity[finding.severity] += 1;
        sink.finding(finding);
      }
    },
  };
}

function partialOf(fault: XmlFault | undefined, { rootSeen }: Reading): ParseSummary['partial'] {
  if (fault === undefined) return false;
  return rootSeen ? fault : { ...fault, reason: `not nmap's XML: ${fault.reason}` };
}
