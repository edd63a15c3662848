/** A host of a .nessus file: what its properties say, and what became of it. */
import { isIP } from 'node:net';
import { isoOf } from '../../json/time.ts';
import type { HostSeen } from '../../scanner.ts';

export interface NessusHost {
  /** As it was given to Nessus: a name or an address; for a scan of a web application its URL. */
  readonly name: string;
  /** Those of KEPT_PROPERTIES that the host has. */
  readonly properties: Map<string, string>;
  /** The plugin that pings hosts found nobody there. */
  dead: boolean;
}

/** Of the hundreds of `<tag>`s a host can have. The TIMESTAMPs are seconds since 1970, and not in the files of old versions. */
export const KEPT_PROPERTIES: ReadonlySet<string> = new Set([
  'host-ip',
  'host-fqdn',
  'HOST_START',
  'HOST_START_TIMESTAMP',
  'HOST_END',
  'HOST_END_TIMESTAMP',
]);

/** The address that was asked, where the file says it. */
export function ipOf({ name, properties }: NessusHost): string | undefined {
  const address = properties.get('host-ip') ?? name;
  return isIP(address) === 0 ? undefined : address;
}

/**
 * What became of a host. Nessus writes HOST_END when it is through with one: a host without it was in work when the scan was stopped, and
 * what was not found there means nothing.
 */
export function hostSeen(host: NessusHost): HostSeen {
  const { name, properties, dead } = host;
  const names = new Set([name, properties.get('host-fqdn') ?? name]);
  const common = { address: ipOf(host) ?? name, names: [...names] };
  if (dead) return { ...common, state: 'down', reason: 'considered as dead' };
  if (timeOf(host, 'HOST_END') === undefined)
    return { ...common, state: 'timed_out', reason: 'its scan did not come to an end' };
  return { ...common, state: 'reached' };
}

/** When the host's scan ended, or else began. */
export const detectedAtOf = (host: NessusHost): string | undefined =>
  timeOf(host, 'HOST_END') ?? timeOf(host, 'HOST_START');

/** As C's asctime() writes it, in the zone of the Nessus server, which the file does not name: read as UTC. */
const ASCTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/;

function timeOf({ properties }: NessusHost, property: 'HOST_START' | 'HOST_END'): string | undefined {
  const seconds = properties.get(`${property}_TIMESTAMP`);
  if (seconds !== undefined && /^\d{1,11}$/.test(seconds))
    return isoOf(new Date(Number(seconds) * 1_000).toISOString());
  const text = properties.get(property) ?? '';
  return isoOf(ASCTIME.test(text) ? `${text} UTC` : text);
}
