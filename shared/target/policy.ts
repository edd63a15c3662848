/**
 * Which targets may be scanned, and when. Asked twice: at submit with the target as written, by the worker with every address a name
 * resolved to. Deny wins; what is not simply an address on the internet is closed until a rule opens it on purpose.
 */
import * as z from 'zod';
import { Instant } from '../contracts/ids.ts';
import { ValidationError } from '../errors.ts';
import { instant } from '../time.ts';
import { type AddressRange, contains, overlaps, parseAddress, parseRange } from './address.ts';
import { canonicalName } from './host-name.ts';
import { SPECIAL_RANGES, type SpecialRange } from './special-ranges.ts';
import type { Target } from './target.ts';

const Cidr = z.string().transform((text, ctx) => {
  const range = parseRange(text);
  if (range) return range;
  ctx.addIssue({ code: 'custom', message: 'must be an address or a CIDR without host bits, as in 10.20.0.0/16' });
  return z.NEVER;
});

/** `www.example.com` is that name; `.example.com` is that name and every name below it. */
const Domain = z.string().transform((text, ctx) => {
  const below = text.startsWith('.');
  const name = canonicalName(below ? text.slice(1) : text);
  if (typeof name === 'string') return { name, below };
  ctx.addIssue({ code: 'custom', message: `${name.fault}; allowed: a host name, or one with a leading dot` });
  return z.NEVER;
});

const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a UTC time of day, as in 22:30');

const Rule = z
  .strictObject({
    cidr: Cidr.optional(),
    domain: Domain.optional(),
    until: Instant.optional().describe('The rule ends then'),
    window: z
      .strictObject({ notBefore: TimeOfDay, notAfter: TimeOfDay })
      .optional()
      .describe('The rule holds daily between these UTC times; past midnight when notAfter is the earlier one'),
    reason: z.string().min(1).max(256),
  })
  .refine((rule) => (rule.cidr === undefined) !== (rule.domain === undefined), 'must name either a cidr or a domain');
type Rule = z.output<typeof Rule>;

/** The policy file, as it is after YAML. An empty file is the default policy. */
const PolicyDocument = z.strictObject({
  default: z.enum(['allow', 'deny']).default('allow').describe('For targets that no rule names'),
  allow: z.array(Rule).max(1_000).default([]),
  deny: z.array(Rule).max(1_000).default([]),
});

export interface Policy extends z.output<typeof PolicyDocument> {
  /** Whether an allow rule may open loopback: only where scanner and service share a machine on purpose (LOOPBACK_TARGETS). */
  readonly loopback: 'allow' | 'deny';
  /** Of the file it was read from, in lower-case hex; absent for the default policy. */
  readonly fileSha256?: string;
}

/** Throws ValidationError naming each field of the document that is wrong. */
export function readPolicy(document: unknown, loopback: Policy['loopback'] = 'deny'): Policy {
  const parsed = PolicyDocument.safeParse(document ?? {});
  if (parsed.success) return { ...parsed.data, loopback };
  const errors = parsed.error.issues.map(({ path, message }) => ({ field: path.join('.') || 'policy', message }));
  throw new ValidationError(errors, { cause: parsed.error });
}

/**
 * special_range: closed until a rule opens it, or never opened · denied_by_rule · not_allowed: the default is deny and no rule names it ·
 * window_closed: a rule would allow it at another time.
 */
export type DenialCode = 'special_range' | 'denied_by_rule' | 'not_allowed' | 'window_closed';
export interface Denied {
  readonly allowed: false;
  readonly code: DenialCode;
  readonly reason: string;
}
export type Decision = { readonly allowed: true } | Denied;

/**
 * Names that lead to closed addresses wherever they are resolved: to loopback (RFC 6761, 6.3, and the hosts files of Debian and Red Hat),
 * and to the metadata of clouds. What other names lead to is seen when they are resolved.
 */
const CLOSED_NAMES: readonly (readonly [name: RegExp, address: string])[] = [
  [/(?:^|\.)localhost(?:\.localdomain)?$/, '127.0.0.1'],
  [/^(?:loopback|localhost4(?:\.localdomain4)?)$/, '127.0.0.1'],
  [/^(?:localhost6(?:\.localdomain6)?|ip6-(?:localhost|loopback))$/, '::1'],
  [/^(?:metadata(?:\.google\.internal)?|instance-data(?:\.ec2\.internal)?)$/, '169.254.169.254'],
];

/** At submit, by the text alone: a name by its domain rules, an address or CIDR by every range it touches. Of an upload nothing is scanned. */
export function decideTarget(policy: Policy, { kind, text, host }: Target, now: Date): Decision {
  if (kind === 'upload') return { allowed: true };
  const range = parseRange(kind === 'cidr' ? text : host);
  if (range) return decide(policy, { range }, now);
  const [, closed] = CLOSED_NAMES.find(([name]) => name.test(host)) ?? [];
  return decide(policy, { name: host, range: closed === undefined ? undefined : parseRange(closed) }, now);
}

/** After resolution: one address, and the name it was found under. What is not an address is denied. */
export function decideAddress(policy: Policy, address: string, name: string | undefined, now: Date): Decision {
  const range = parseAddress(address) && parseRange(address);
  return range ? decide(policy, { range, name }, now) : denied('special_range', `${address} is not an address`);
}

/**
 * The end of a decision that allows: when the first of the coming changes of a rule closes the address. Undefined: none does within a
 * day, and no job lasts longer.
 */
export function allowedUntil(policy: Policy, address: string, name: string | undefined, now: Date): string | undefined {
  const asked = { range: parseRange(address), name };
  const changes = [...policy.allow, ...policy.deny]
    .filter((rule) => touches(rule, asked))
    .flatMap((rule) => changesOf(rule, now));
  return [...new Set(changes)]
    .filter((at) => at > now.toISOString())
    .sort()
    .find((at) => !decide(policy, asked, new Date(at)).allowed);
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** When a rule begins or ceases to hold, today and tomorrow; the last minute of a window belongs to it. */
function changesOf({ until, window }: Rule, now: Date): string[] {
  const ends = until === undefined ? [] : [until];
  if (window === undefined) return ends;
  const daily = [now.getTime(), now.getTime() + DAY_MS].flatMap((day) => {
    const at = (time: string) => Date.parse(`${instant(day).slice(0, 10)}T${time}:00.000Z`);
    return [instant(at(window.notBefore)), instant(at(window.notAfter) + MINUTE_MS)];
  });
  return [...daily, ...ends];
}

interface Asked {
  readonly range?: AddressRange | undefined;
  readonly name?: string | undefined;
}

function decide(policy: Policy, asked: Asked, now: Date): Decision {
  const denying = policy.deny.find((rule) => holds(rule, now) && touches(rule, asked));
  if (denying) return denied(denying.window ? 'window_closed' : 'denied_by_rule', denying.reason);
  const refusal = refusalUnder(policy, asked, (rule) => holds(rule, now));
  if (refusal === undefined) return { allowed: true };
  const later = refusalUnder(policy, asked, (rule) => !hasEnded(rule, now)) === undefined;
  return later ? denied('window_closed', 'the target policy allows it at other times of the day') : refusal;
}

/**
 * A special range is opened by a rule whose cidr lies inside it: neither a name, which somebody else may point anywhere, nor 0.0.0.0/0
 * opens a private network unawares.
 */
function refusalUnder(policy: Policy, asked: Asked, counts: (rule: Rule) => boolean): Denied | undefined {
  const allow = policy.allow.filter(counts);
  const naming = allow.filter((rule) => names(rule, asked));
  const isOpen = ({ range, opening }: SpecialRange) =>
    (opening === 'onPurpose' || (opening === 'loopback' && policy.loopback === 'allow')) &&
    naming.some(({ cidr }) => cidr && contains(range, cidr));
  const closed = SPECIAL_RANGES.find(
    (special) => asked.range && overlaps(special.range, asked.range) && !isOpen(special),
  );
  if (closed) return denied('special_range', `it lies in or touches a closed range: ${closed.what}`);
  if (policy.default === 'allow' || naming.length > 0) return undefined;
  return denied('not_allowed', 'no rule of the target policy allows it');
}

/** Whether a rule names all of what is asked. */
const names = ({ cidr, domain }: Rule, { range, name }: Asked): boolean =>
  (cidr !== undefined && range !== undefined && contains(cidr, range)) ||
  (domain !== undefined && isUnder(domain, name));

/** Whether a rule names any of it. */
const touches = ({ cidr, domain }: Rule, { range, name }: Asked): boolean =>
  (cidr !== undefined && range !== undefined && overlaps(cidr, range)) ||
  (domain !== undefined && isUnder(domain, name));

const isUnder = (domain: z.output<typeof Domain>, name: string | undefined): boolean =>
  name !== undefined && (name === domain.name || (domain.below && name.endsWith(`.${domain.name}`)));

const hasEnded = ({ until }: Rule, now: Date): boolean => until !== undefined && now.toISOString() >= until;

/** Both ends of a window belong to it. */
function holds(rule: Rule, now: Date): boolean {
  if (hasEnded(rule, now)) return false;
  if (rule.window === undefined) return true;
  const { notBefore, notAfter } = rule.window;
  const time = now.toISOString().slice(11, 16);
  return notBefore <= notAfter ? notBefore <= time && time <= notAfter : notBefore <= time || time <= notAfter;
}

const denied = (code: DenialCode, reason: string): Denied => ({ allowed: false, code, reason });
