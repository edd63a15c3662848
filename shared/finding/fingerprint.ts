import { hash } from 'node:crypto';
import type { Location } from './finding.ts';

/**
 * The identity of a finding: SHA-256 over scanner, rule and canonical location, as 64 hex digits. Equal for the same weakness at the
 * same place in every run, so that two jobs can be compared; times, addresses behind a name, texts and line numbers stay out of it.
 * The parts are joined by NUL, which none of them can hold.
 */
export function fingerprint(scanner: string, rule: string, location: Location): string {
  const { host, port = '', protocol = '', url = '', selector = '' } = location;
  const parts = `${scanner}\0${rule}\0${host.toLowerCase()}\0${port}\0${protocol}\0${url}\0${selector}`;
  return hash('sha256', parts, 'hex');
}
