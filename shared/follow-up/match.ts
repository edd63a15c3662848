/** Whether a finding starts something, and on what. What a finding says was said by a stranger's system: here it only chooses among targets that are checked like any other. */
import type { Finding, Location } from '../finding/finding.ts';
import { atLeast } from '../finding/severity.ts';
import { parseTarget, TargetError } from '../target/parse.ts';
import type { Target } from '../target/target.ts';
import type { FollowUpCondition } from './rule.ts';

export function matches({ scanner, rule, service, port, severity }: FollowUpCondition, finding: Finding): boolean {
  return (
    finding.scanner === scanner &&
    (rule === undefined || finding.rule === rule) &&
    (port === undefined || finding.location.port === port) &&
    (severity === undefined || atLeast(finding.severity, severity)) &&
    (service === undefined || serviceOf(finding) === service)
  );
}

/**
 * What is to be scanned: the finding's URL; of a service that speaks HTTP the URL of its port; else its host. Undefined for what makes no
 * target.
 */
export function targetOf(finding: Finding): Target | undefined {
  const { host, url } = finding.location;
  try {
    return parseTarget(url ?? portUrl(finding) ?? host);
  } catch (error) {
    if (error instanceof TargetError) return undefined;
    throw error;
  }
}

/** nmap's names for HTTP, plain and through TLS (https://svn.nmap.org/nmap/nmap-services and nmap-service-probes). */
const PLAIN_HTTP: ReadonlySet<string> = new Set(['http', 'http-alt', 'http-proxy', 'http-mgmt', 'soap']);
const HTTP_OVER_TLS: ReadonlySet<string> = new Set(['https', 'https-alt']);

function serviceOf(finding: Finding): string | undefined {
  const { name } = nmapService(finding);
  return schemeOf(finding) === undefined ? name : 'http';
}

function schemeOf(finding: Finding): 'http' | 'https' | undefined {
  const { name = '', tunnel } = nmapService(finding);
  if (HTTP_OVER_TLS.has(name)) return 'https';
  if (!PLAIN_HTTP.has(name)) return undefined;
  return tunnel === 'ssl' ? 'https' : 'http';
}

function portUrl(finding: Finding): string | undefined {
  const scheme = schemeOf(finding);
  const { host, port, protocol }: Location = finding.location;
  if (scheme === undefined || port === undefined || protocol !== 'tcp') return undefined;
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}/`;
}

/** What nmap's record of an open port says of its service. */
function nmapService({ scanner, raw }: Finding): { readonly name?: string; readonly tunnel?: string } {
  const service = scanner === 'nmap' ? fieldOf(raw, 'service') : undefined;
  const [name, tunnel] = [fieldOf(service, 'name'), fieldOf(service, 'tunnel')];
  return { ...(typeof name === 'string' ? { name } : {}), ...(typeof tunnel === 'string' ? { tunnel } : {}) };
}

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
