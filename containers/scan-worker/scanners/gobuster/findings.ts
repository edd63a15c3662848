/** A finding from one result of gobuster: always `info`, as that something is there is no weakness by itself. */
import { isIP } from 'node:net';
import type { Finding, Location } from '#shared/finding/finding.ts';
import { fingerprint } from '#shared/finding/fingerprint.ts';
import type { HostResult, NameResult, PathResult, Result } from './line.ts';
import type { Site } from './site.ts';

const MAX_TITLE_CHARS = 200;
const MAX_URL_CHARS = 4_096;

export const RULES = { path: 'found-path', host: 'found-virtual-host', name: 'found-name' } as const;

export interface Place {
  readonly site: Site;
  /** The address that was asked. */
  readonly address: string;
}

/** `place`: where it was found; undefined for an output of which only the lines are known. */
export function findingOf(result: Result, place: Place | undefined, detectedAt: string): Finding {
  const rule = RULES[result.kind];
  const location = locate(result, place);
  return {
    id: fingerprint('gobuster', rule, location),
    scanner: 'gobuster',
    rule,
    title: titleOf(result).slice(0, MAX_TITLE_CHARS),
    severity: 'info',
    location,
    evidence: evidenceOf(result).slice(0, MAX_URL_CHARS),
    detectedAt,
    raw: result,
  };
}

function titleOf(result: Result): string {
  if (result.kind === 'path') return `Path ${result.path} (${result.status})`;
  if (result.kind === 'host') return `Virtual host ${result.name} (${result.status})`;
  return `Name ${result.name}`;
}

function evidenceOf(result: Result): string {
  if (result.kind === 'name') return result.addresses.join(' ');
  const size = result.bytes === undefined ? '' : `, ${result.bytes} bytes`;
  const redirect = result.kind === 'path' && result.redirect !== undefined ? `, leads to ${result.redirect}` : '';
  return `Status ${result.status}${size}${redirect}`;
}

function locate(result: Result, place: Place | undefined): Location {
  if (result.kind === 'path') return locatePath(result, place);
  if (result.kind === 'host') return locateHost(result, place);
  return locateName(result);
}

function locatePath({ path }: PathResult, place: Place | undefined): Location {
  if (place === undefined) return locateUnplaced(path);
  const { site, address } = place;
  const url = URL.canParse(path) ? path : `${site.url.href}${path.replace(/^\//, '')}`;
  return { host: site.host, ip: address, port: site.port, protocol: 'tcp', url: url.slice(0, MAX_URL_CHARS) };
}

/** All that is known is what the line says; a path alone still tells one finding from another. */
function locateUnplaced(path: string): Location {
  const url = path.slice(0, MAX_URL_CHARS);
  return { host: path.includes('://') && URL.canParse(path) ? new URL(path).hostname : 'unknown', url };
}

function locateHost({ name }: HostResult, place: Place | undefined): Location {
  if (place === undefined) return { host: name };
  const { site, address } = place;
  const scheme = site.url.protocol;
  const port = site.url.port === '' ? '' : `:${site.url.port}`;
  return { host: name, ip: address, port: site.port, protocol: 'tcp', url: `${scheme}//${name}${port}/` };
}

function locateName({ name, addresses }: NameResult): Location {
  const ip = addresses.find((address) => isIP(address) !== 0);
  return ip === undefined ? { host: name } : { host: name, ip };
}
