/** One `<host>` of nmap's XML, as far as we use it (https://svn.nmap.org/nmap/docs/nmap.dtd). */
import type { HostSeen } from '../../scanner.ts';

export interface NmapService {
  name?: string;
  /** `ssl` when the service speaks through TLS. */
  tunnel?: string;
  product?: string;
  version?: string;
  extrainfo?: string;
  /** `table`: guessed from the port's number; `probed`: by what it answered. */
  method?: string;
}

/** The output of one NSE script. */
export interface NmapScript {
  readonly id: string;
  readonly output: string;
}

/** A port that is open or for which a script had something to say. */
export interface NmapPort {
  readonly protocol: string;
  readonly port: number;
  state: string;
  reason: string;
  readonly service: NmapService;
  readonly cpe: string[];
  readonly scripts: NmapScript[];
}

export interface NmapHost {
  /** When its scan ended; ISO 8601. */
  readonly detectedAt: string;
  readonly timedOut: boolean;
  /** up, down, unknown or skipped, and why nmap thinks so. `user-set`: because -Pn said so, nothing was asked. */
  state: string;
  reason: string;
  ip: string;
  mac: string;
  /** Names given by the user, and names found by looking the address up. */
  readonly userNames: string[];
  readonly otherNames: string[];
  readonly ports: NmapPort[];
  /** Host scripts. */
  readonly scripts: NmapScript[];
  /** The reason nmap gives for the first port that proves somebody there, or for the first that does not. */
  answer?: string;
  silence?: string;
}

/** States a port is in only when its host sent something back (https://nmap.org/book/man-port-scanning-basics.html). */
const ANSWERED: ReadonlySet<string> = new Set(['open', 'closed', 'unfiltered']);

/** Notes what the state of a port, or of the ports listed together as `<extraports>`, says about its host. */
export function noteAnswer(host: NmapHost, state: string, reason: string): void {
  if (ANSWERED.has(state)) host.answer ??= reason;
  else host.silence ??= reason;
}

export const addressOf = (host: NmapHost): string => host.ip || host.mac;

/**
 * What became of a host. With -Pn nmap calls every host up; then the ports decide: one that is open, closed or unfiltered answered,
 * filtered or `open|filtered` ones are silence, and a firewall's refusal is not the host's.
 */
export function hostSeen(host: NmapHost): HostSeen {
  const common = { address: addressOf(host), names: [...host.userNames, ...host.otherNames] };
  if (host.timedOut) return { ...common, state: 'timed_out', reason: 'host timeout' };
  if (host.state !== 'up') return { ...common, state: 'down', reason: host.reason || host.state };
  if (host.reason !== 'user-set') return { ...common, state: 'reached', reason: host.reason };
  if (host.answer !== undefined) return { ...common, state: 'reached', reason: host.answer || 'answered' };
  return { ...common, state: 'down', reason: host.silence || 'no-response' };
}
