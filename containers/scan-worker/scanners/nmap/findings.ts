/** Findings from one host of nmap's output: one for each open port, one for each script that had a result. */
import type { Finding, Location } from '#shared/finding/finding.ts';
import { fingerprint } from '#shared/finding/fingerprint.ts';
import { addressOf, type NmapHost, type NmapPort, type NmapScript, type NmapService } from './host.ts';
import { judgeScript } from './script-result.ts';

export const OPEN_PORT_RULE = 'open-port';

const MAX_TITLE_CHARS = 200;
/** Longer output of a script is cut in the finding; the raw output in the store has it all. */
const MAX_EVIDENCE_CHARS = 64 * 1024;

/** `names`: what the findings are to call the host; one set of findings for each. */
export function emitFindings(host: NmapHost, names: readonly string[], emit: (finding: Finding) => void): void {
  const ip = host.ip || undefined;
  for (const name of names) {
    for (const port of host.ports) {
      const location: Location = { host: name, ip, port: port.port, protocol: port.protocol };
      if (port.state === 'open') emit(openPort(host, port, location));
      emitScripts(host, port.scripts, location, emit);
    }
    emitScripts(host, host.scripts, { host: name, ip }, emit);
  }
}

/** How to name a host that nobody has asked for by name: the name given to nmap, else the address. */
export const ownName = (host: NmapHost): string => host.userNames[0] ?? addressOf(host);

function openPort(host: NmapHost, port: NmapPort, location: Location): Finding {
  const { service } = port;
  const name = serviceName(service);
  return {
    id: fingerprint('nmap', OPEN_PORT_RULE, location),
    scanner: 'nmap',
    rule: OPEN_PORT_RULE,
    title: `Open port ${port.port}/${port.protocol}${name === '' ? '' : ` (${name})`}`.slice(0, MAX_TITLE_CHARS),
    severity: 'info',
    location,
    evidence: serviceLine(service, port.cpe) || undefined,
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

function emitScripts(
  host: NmapHost,
  scripts: readonly NmapScript[],
  location: Location,
  emit: (finding: Finding) => void,
): void {
  for (const { id, output } of scripts) {
    const result = judgeScript(output);
    if (result === undefined) continue;
    const text = output.trim();
    emit({
      id: fingerprint('nmap', id, location),
      scanner: 'nmap',
      rule: id,
      title: `${id}: ${result.title ?? text.split('\n', 1)[0]}`.slice(0, MAX_TITLE_CHARS),
      severity: result.severity,
      location,
      evidence: text.length > MAX_EVIDENCE_CHARS ? `${text.slice(0, MAX_EVIDENCE_CHARS)}… (cut)` : text,
      cve: result.cve.length > 0 ? result.cve : undefined,
      cvss: result.cvss,
      detectedAt: host.detectedAt,
      raw: { script: id },
    });
  }
}
