/** What each element of nmap's XML says when it begins (https://svn.nmap.org/nmap/docs/nmap.dtd). Elements not named here say nothing to us. */
import { type Attributes, XmlError } from '../../xml/tokenizer.ts';
import { type NmapHost, type NmapPort, noteAnswer } from './host.ts';

/** What is known in the middle of a file. */
export interface Reading {
  /** When findings were detected, for a host that does not say. */
  readonly detectedAt: string;
  rootSeen: boolean;
  /** What is being read. */
  host?: NmapHost | undefined;
  port?: NmapPort | undefined;
  /** The state of the ports an `<extraports>` sums up. */
  extraState: string;
  /** Kinds of scan that ran, as nmap names them: `syn`, `connect`, … */
  readonly techniques: Set<string>;
  version: string;
  /** nmap's last word: `success` or `error`; empty when it never came to it. */
  exit: string;
  errorMessage: string;
  /** Addresses nmap was given, as it counts them; -1 when it did not say. */
  total: number;
}

/** There is one `<scaninfo>` for each protocol. */
const MAX_TECHNIQUES = 8;
/** Far more than nmap gives for anything but the output of a script. */
const MAX_TEXT_CHARS = 1_000;
const SERVICE_KEYS = ['name', 'tunnel', 'product', 'version', 'extrainfo', 'method'] as const;

const textOf = (attributes: Attributes, key: string): string => shorten(attributes.get(key) ?? '');
export const shorten = (text: string): string => (text.length > MAX_TEXT_CHARS ? text.slice(0, MAX_TEXT_CHARS) : text);

/** Elements outside of a host. `<hosthint>` is left out: it has some of a host's elements before anything was scanned. */
export const RUN_ELEMENTS: ReadonlyMap<string, (reading: Reading, attributes: Attributes) => void> = new Map([
  ['nmaprun', readRun],
  ['scaninfo', readScanInfo],
  ['host', beginHost],
  ['finished', readFinished],
  ['hosts', readTotals],
]);

/** Elements inside a host. */
export const HOST_ELEMENTS: ReadonlyMap<string, (host: NmapHost, attributes: Attributes, reading: Reading) => void> =
  new Map([
    ['host', refuseHost],
    ['status', readStatus],
    ['address', readAddress],
    ['hostname', readHostname],
    ['extraports', readExtraPorts],
    ['extrareasons', readExtraReasons],
    ['port', beginPort],
    ['state', readState],
    ['service', readService],
    ['script', readScript],
  ]);

function readRun(reading: Reading, attributes: Attributes): void {
  reading.version = textOf(attributes, 'version');
}

function readScanInfo({ techniques }: Reading, attributes: Attributes): void {
  if (techniques.size < MAX_TECHNIQUES) techniques.add(textOf(attributes, 'type'));
}

function readFinished(reading: Reading, attributes: Attributes): void {
  reading.exit = textOf(attributes, 'exit');
  reading.errorMessage = textOf(attributes, 'errormsg');
}

function readTotals(reading: Reading, attributes: Attributes): void {
  reading.total = Number(attributes.get('total') ?? -1);
}

function beginHost(reading: Reading, attributes: Attributes): void {
  const seconds = Number(attributes.get('endtime') ?? 0);
  reading.host = {
    // Up to the year 9999: ISO 8601 writes later ones in another form.
    detectedAt: seconds > 0 && seconds < 253_402_300_800 ? new Date(seconds * 1000).toISOString() : reading.detectedAt,
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

function refuseHost(): void {
  throw new XmlError('a host inside a host');
}

function readStatus(host: NmapHost, attributes: Attributes): void {
  host.state = textOf(attributes, 'state');
  host.reason = textOf(attributes, 'reason');
}

function readAddress(host: NmapHost, attributes: Attributes): void {
  const address = textOf(attributes, 'addr');
  if (attributes.get('addrtype') === 'mac') host.mac ||= address;
  else host.ip ||= address;
}

function readHostname(host: NmapHost, attributes: Attributes): void {
  const name = textOf(attributes, 'name');
  if (name !== '') (attributes.get('type') === 'user' ? host.userNames : host.otherNames).push(name);
}

function readExtraPorts(_: NmapHost, attributes: Attributes, reading: Reading): void {
  reading.extraState = textOf(attributes, 'state');
}

function readExtraReasons(host: NmapHost, attributes: Attributes, { extraState }: Reading): void {
  noteAnswer(host, extraState, textOf(attributes, 'reason'));
}

function beginPort(_: NmapHost, attributes: Attributes, reading: Reading): void {
  const number = textOf(attributes, 'portid');
  const port = Number(number);
  if (!/^\d{1,5}$/.test(number) || port > 65_535) throw new XmlError(`a port numbered ${JSON.stringify(number)}`);
  const protocol = textOf(attributes, 'protocol');
  reading.port = { protocol, port, state: '', reason: '', service: {}, cpe: [], scripts: [] };
}

function readState(host: NmapHost, attributes: Attributes, { port }: Reading): void {
  if (port === undefined) return;
  port.state = textOf(attributes, 'state');
  port.reason = textOf(attributes, 'reason');
  noteAnswer(host, port.state, port.reason);
}

function readService(_: NmapHost, attributes: Attributes, { port }: Reading): void {
  if (port === undefined) return;
  for (const key of SERVICE_KEYS) {
    const value = attributes.get(key);
    if (value !== undefined) port.service[key] = shorten(value);
  }
}

function readScript(host: NmapHost, attributes: Attributes, { port }: Reading): void {
  const id = textOf(attributes, 'id');
  const output = attributes.get('output') ?? '';
  if (id !== '' && output !== '') (port ?? host).scripts.push({ id, output });
}
