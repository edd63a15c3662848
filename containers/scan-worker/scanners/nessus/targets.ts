/** Targets as Nessus takes them. */
import { isIPv4 } from 'node:net';
import type { ScanTarget } from '../../scanner.ts';
import { spellingsOf } from '../addresses.ts';

/**
 * Each address once. A name goes with the address that was checked, as in `www.example.com[192.0.2.7]`: Nessus then asks that address for
 * that name, and resolves nothing (Nessus user guide, "Scan Targets"). It has no such form for IPv6, nor for two names: there the address
 * alone is scanned.
 */
export function textTargets(targets: readonly ScanTarget[]): string {
  const texts = Array.from(spellingsOf(targets), ([address, [name = address, ...others]]) =>
    name === address || others.length > 0 || !isIPv4(address) ? address : `${name}[${address}]`,
  );
  return texts.join(',');
}
