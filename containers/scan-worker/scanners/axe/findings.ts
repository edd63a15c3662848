/** Findings from one page's result of axe-core: one for each place that breaks a rule. */
import { isIP } from 'node:net';
import type { Finding, Location } from '#shared/finding/finding.ts';
import { fingerprint } from '#shared/finding/fingerprint.ts';
import type { Severity } from '#shared/finding/severity.ts';
import { isoOf } from '../../json/time.ts';
import type { ScanTarget } from '../../scanner.ts';
import type { AxeNode, AxePage, AxeRule } from './record.ts';
import { siteOf } from './site.ts';

const MAX_TITLE_CHARS = 200;

/**
 * axe-core's impact is how badly a fault stands in somebody's way, not how far it lets an attacker in: a step lower on our scale, so that
 * `critical` stays for what has to be mended at once. A rule broken without a word for it is `low`: it does not pass for harmless.
 */
const SEVERITY_OF_IMPACT: ReadonlyMap<string, Severity> = new Map([
  ['critical', 'high'],
  ['serious', 'medium'],
  ['moderate', 'low'],
  ['minor', 'low'],
]);

export interface Found {
  readonly page: AxePage;
  /** Whose page it is; undefined for a file of another run. */
  readonly target?: ScanTarget | undefined;
  readonly detectedAt: string;
}

export const violationOf = (found: Found, rule: AxeRule, node: AxeNode): Finding =>
  findingOf(found, rule, node, {
    name: rule.id,
    title: rule.help || rule.id,
    severity: SEVERITY_OF_IMPACT.get(node.impact || rule.impact) ?? 'low',
  });

/** What axe-core could not decide: somebody has to look. */
export const reviewOf = (found: Found, rule: AxeRule, node: AxeNode): Finding =>
  findingOf(found, rule, node, {
    name: `${rule.id}:review`,
    title: `To be looked at: ${rule.help || rule.id}`,
    severity: 'info',
  });

function findingOf(
  { page, target, detectedAt }: Found,
  rule: AxeRule,
  node: AxeNode,
  { name, title, severity }: { readonly name: string; readonly title: string; readonly severity: Severity },
): Finding {
  const location = locate(page.url, node.selector, target);
  return {
    id: fingerprint('axe', name, location),
    scanner: 'axe',
    rule: name,
    title: title.slice(0, MAX_TITLE_CHARS),
    severity,
    location,
    description: rule.description || undefined,
    evidence: node.html || undefined,
    remediation: node.failureSummary || undefined,
    references: rule.helpUrl === '' ? undefined : [rule.helpUrl],
    tags: rule.tags.length > 0 ? rule.tags.map(criterion) : undefined,
    detectedAt: isoOf(page.timestamp) ?? detectedAt,
    raw: { rule: rule.id, impact: node.impact || rule.impact },
  };
}

/** `wcag143` is success criterion 1.4.3, `wcag1410` 1.4.10; any other tag stands for itself. */
const criterion = (tag: string): string => tag.replace(/^wcag(\d)(\d)(\d{1,2})$/, 'WCAG $1.$2.$3');

function locate(url: string, selector: string, target: ScanTarget | undefined): Location {
  const place = { url, ...(selector === '' ? {} : { selector }) };
  const web = URL.canParse(url) ? new URL(url) : undefined;
  const host = web?.hostname.replace(/^\[(.*)\]$/, '$1') || 'unknown';
  const ip = target === undefined ? (isIP(host) === 0 ? undefined : host) : ipOf(target, host);
  const port = Number(web?.port || { 'http:': 80, 'https:': 443 }[web?.protocol ?? '']);
  return {
    host,
    ...(ip === undefined ? {} : { ip }),
    ...(port > 0 ? { port, protocol: 'tcp' } : {}),
    ...place,
  };
}

/** The address the target was asked at, where the page is its own. */
const ipOf = (target: ScanTarget, host: string): string | undefined =>
  new URL(siteOf(target).url).hostname.replace(/^\[(.*)\]$/, '$1') === host ? target.address : undefined;
