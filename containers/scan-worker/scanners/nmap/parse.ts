/**
 * nmap's XML (`-oX`) to findings, as a stream. A host is delivered when its end tag was read, so a cut file gives whole hosts only.
 * Scripts that ran before or after all hosts belong to none, and are passed over.
 */
import { noFindings } from '#shared/finding/severity.ts';
import type { ParseContext, Parser, ParseSink, ParseSummary } from '../../scanner.ts';
import { XmlError, type XmlFault, type XmlHandler, XmlTokenizer } from '../../xml/tokenizer.ts';
import { canonicalAddress, spellingsOf } from '../addresses.ts';
import { HOST_ELEMENTS, type Reading, RUN_ELEMENTS, shorten } from './elements.ts';
import { emitFindings, ownName } from './findings.ts';
import { addressOf, hostSeen, type NmapHost, noteAnswer } from './host.ts';

/** All of a host is kept until its end; one with 65,535 open ports and their services takes about 25 MB. */
export const MAX_HOST_BYTES = 32 * 1024 * 1024;
/** All there are, of TCP, UDP and SCTP. */
const MAX_PORTS = 3 * 65_536;

/** Named by nmap 6; its DTD says nothing we need. */
const KNOWN_DTD = /^-\/\/IDN nmap\.org\/\/DTD Nmap XML [\d.]{1,8}\/\/EN$/;

/** Reads nmap's XML. `details` of the summary: exit, errorMessage, total, technique, version; see outcome.ts and coverage.ts. */
export function nmapParser(sink: ParseSink, context: ParseContext): Parser {
  const reading: Reading = {
    detectedAt: context.detectedAt,
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
      reading.port?.cpe.push(shorten(text));
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
      emitFindings(host, names ?? [ownName(host)], (finding) => {
        counts.findings += 1;
        counts.bySeverity[finding.severity] += 1;
        sink.finding(finding);
      });
    },
  };
}

function partialOf(fault: XmlFault | undefined, { rootSeen }: Reading): ParseSummary['partial'] {
  if (fault === undefined) return false;
  return rootSeen ? fault : { ...fault, reason: `not nmap's XML: ${fault.reason}` };
}
