/** Findings from one host of nmap's output: one for each open port, one for each script that had a result. */
import type { Finding, Location } from '#shared/finding/finding.ts';
import { fingerprint } from '#shared/finding/fingerprint.ts';
import { addressOf, type NmapHost, type NmapPort, type NmapScript, type NmapService } from './host.ts';
import { judgeScript } from './script-result.ts';

export const OPEN_PORT_RULE = 'open-port';

const MAX_TITLE_CHARS = 200;
/** Longer output of a script is cut in the finding; the raw output in the store has it all. */
const MAX_EVIDENCE_CHARS = 64 * 1024;

/** `hosts`: what the findings are to name the host; one set of findings for each. */
export function* findingsOf(host: NmapHost, hosts: readonly string[]): Generator<Finding> {
  for (const name of hosts) {
    const at: Location = { host: name, ...(host.ip === '' ? {} : { ip: host.ip }) };
    for (const port of host.ports) {
      const location: Location = { ...at, port: port.port, protocol: port.protocol };
      if (port.state === 'open') yield openPort(host, port, location);
      yield* scriptFindings(host, port.scripts, location);
    }
    yield* scriptFindings(host, host.scripts, at);
  }
}

/** How to name a host that nobody has asked for by name: the name given to nmap, else the address. */
export const ownName = (host: NmapHost): string => host.userNames[0] ?? addressOf(host);

function openPort(host: NmapHost, port: NmapPort, location: Location): Finding {
  const { service } = port;
  const name = serviceName(service);
  const evidence = serviceLine(service, port.cpe);
  return {
    id: fingerprint('nmap', OPEN_PORT_RULE, location),
    scanner: 'nmap',
    rule: OPEN_PORT_RULE,
    title: `Open port ${port.port}/${port.protocol}${name === '' ? '' : ` (${name})`}`.slice(0, MAX_TITLE_CHARS),
    severity: 'info',
    location,
    ...(evidence === '' ? {} : { evidence }),
    detectedAt: host.detectedAt,
    raw: { state: port.state, reason: port.reason, service, cpe: port.cpe },
  };
}

/** As nmap prints it: `ssl/http` for HTTP through TLS. */
const serviceName = ({ name = '', tunnel }: NmapService): string => (tunnel === 'ssl' ? `ssl/${name}` : name);

function serviceLine({ product, version, extrainfo }: NmapService, cpe: readonly string[]): string {
  let line = product ?? '';
  if (version !== undefined) line += ` ${version}`;
  if (extrainfo !== undefined) line += ` (${extrainfo})`;
  if (cpe.length > 0) line += ` ${cpe.join(' ')}`;
  return line.trimStart();
}

function* scriptFindings(host: NmapHost, scripts: readonly NmapScript[], location: Location): Generator<Finding> {
  for (const { id, output } of scripts) {
    const result = judgeScript(output);
    if (result === undefined) continue;
    const text = output.trim();
    yield {
      id: fingerprint('nmap', id, location),
      scanner: 'nmap',
      rule: id,
      title: `${id}: ${result.title ?? text.split('\n', 1)[0]}`.slice(0, MAX_TITLE_CHARS),
      severity: result.severity,
      location,
      evidence: text.length > MAX_EVIDENCE_CHARS ? `${text.slice(0, MAX_EVIDENCE_CHARS)}… (cut)` : text,
      ...(result.cve.length > 0 ? { cve: result.cve } : {}),
      ...(result.cvss === undefined ? {} : { cvss: result.cvss }),
      detectedAt: host.detectedAt,
      raw: { script: id },
    };
  }
}
