/** Addresses as scanners and we spell them, and the names that targets give them. */
import { isIPv6 } from 'node:net';
import type { ScanTarget } from '../scanner.ts';

/** One spelling for each address, so that what a scanner prints can be looked up. URL writes IPv6 as RFC 5952 wants it. */
export const canonicalAddress = (address: string): string =>
  isIPv6(address) && !address.includes('%') ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;

/** What findings call a target: its name or address; of a URL its host. */
export function nameOf({ host }: ScanTarget): string {
  if (!host.includes('://')) return host;
  const { hostname } = new URL(host);
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}

/** By canonical address: the names the targets give it. Two names can lead to one address. */
export function spellingsOf(targets: readonly ScanTarget[]): ReadonlyMap<string, readonly string[]> {
  const spellings = new Map<string, string[]>();
  for (const target of targets) {
    const address = canonicalAddress(target.address);
    const names = spellings.get(address) ?? [];
    const name = nameOf(target);
    if (!names.includes(name)) names.push(name);
    spellings.set(address, names);
  }
  return spellings;
}
