/** The one place a run may talk to. */
import { isIP } from 'node:net';
import type { ScanTarget } from '../../scanner.ts';

export interface Site {
  /** The page the target names: http where it says no scheme. */
  readonly url: string;
  /** The origins that count as the target's own: its own, and of http on port 80 the same host by https, where servers send everybody. */
  readonly origins: readonly string[];
  /** The address that was checked. */
  readonly address: string;
}

export function siteOf({ host, address }: Pick<ScanTarget, 'host' | 'address'>): Site {
  const url = new URL(host.includes('://') ? host : `http://${isIP(host) === 6 ? `[${host}]` : host}/`);
  const upgraded = url.protocol === 'http:' && url.port === '' ? [`https://${url.hostname}`] : [];
  return { url: url.href, origins: [url.origin, ...upgraded], address };
}

export const isWithin = ({ origins }: Pick<Site, 'origins'>, url: string): boolean =>
  URL.canParse(url) && origins.includes(new URL(url).origin);

/**
 * Chromium's `--host-resolver-rules`, the first that fits counts: each origin's host and port lead to the address that was checked, and
 * nothing else leads anywhere, neither a name nor an address. So no redirect, frame, script or socket of a page gets to anybody else, and
 * no name can be bound anew (net/base/host_mapping_rules.h).
 */
export function resolverRules({ origins, address }: Pick<Site, 'origins' | 'address'>): string {
  const to = isIP(address) === 6 ? `[${address}]` : address;
  const maps = origins.map((origin) => {
    const { protocol, hostname, port } = new URL(origin);
    const at = port || (protocol === 'https:' ? '443' : '80');
    return `MAP ${hostname}:${at} ${to}:${at}`;
  });
  return [...maps, 'MAP * ~NOTFOUND'].join(', ');
}
