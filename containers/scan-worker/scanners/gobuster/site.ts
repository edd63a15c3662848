/** A target as gobuster is pointed to it. */
import { isIP } from 'node:net';
import type { ScanTarget } from '../../scanner.ts';

export interface Site {
  /** What the target names: http where it says no scheme, and a path that ends in a slash. */
  readonly url: URL;
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly isAddress: boolean;
  /** 1 to 65535. */
  readonly port: number;
}

export function siteOf(target: string): Site {
  const url = new URL(target.includes('://') ? target : `http://${isIP(target) === 6 ? `[${target}]` : target}/`);
  url.search = '';
  url.hash = '';
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return { url, host, isAddress: isIP(host) !== 0, port: Number(url.port || (url.protocol === 'https:' ? 443 : 80)) };
}

/**
 * The site by the address that was checked, with its name in the Host header. Not through TLS with a certificate that is verified: a server
 * chooses it by the name, and it shows that the name still leads to whom it belongs. Where it is not verified nothing would show that.
 */
export function pinned(
  { host, address }: Pick<ScanTarget, 'host' | 'address'>,
  { insecureTls }: { readonly insecureTls: boolean },
): { url: string; hostHeader?: string } {
  const { url, isAddress } = siteOf(host);
  if (isAddress || (url.protocol === 'https:' && !insecureTls)) return { url: url.href };
  const hostHeader = url.host;
  url.hostname = isIP(address) === 6 ? `[${address}]` : address;
  return { url: url.href, hostHeader };
}
