/** Reads targets: one canonical spelling for each, and no spelling that two programs could read differently. */
import { MAX_ADDRESSES_PER_JOB } from '../limits.ts';
import { ADDRESS_BITS, formatAddress, isPrefix, parseAddress, rangeOf } from './address.ts';
import { canonicalName, looksLikeIpv4 } from './host-name.ts';
import type { Target } from './target.ts';
import { uploadIdOf } from './upload.ts';

export const MAX_TARGET_CHARACTERS = 2_048;

/** A target that cannot be scanned as written; the message says what was wrong and what is allowed. */
export class TargetError extends Error {
  override readonly name = 'TargetError';
}

const ANY_TARGET = 'a host name, an IP address, a CIDR or an http(s) URL';
const URL_EXAMPLE = 'as in https://www.example.com:8443/path, ports from 1 to 65535';
const ADDRESS_FORMS = 'four decimal numbers without leading zeros, as in 192.0.2.1, or an IPv6 address';

/** Control, formatting, bidirectional, zero-width, private and unassigned characters, and every kind of space. */
const INVISIBLE = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u;

/** Reads one target into canonical form. Throws TargetError. */
export function parseTarget(text: string): Target {
  if (text === '') throw new TargetError(`is empty; allowed: ${ANY_TARGET}`);
  if (text.length > MAX_TARGET_CHARACTERS)
    throw new TargetError(`has ${text.length} characters; allowed: at most ${MAX_TARGET_CHARACTERS}`);
  if (INVISIBLE.test(text)) throw refused(text, 'holds a space, control or invisible character', ANY_TARGET);
  if (text.startsWith('-')) throw refused(text, 'begins with a hyphen', ANY_TARGET);
  const uploadId = uploadIdOf(text);
  if (uploadId !== undefined) return { kind: 'upload', text, host: uploadId, count: 1 };
  if (text.includes('://')) return parseUrl(text);
  if (text.includes('/')) return parseCidr(text);
  return single(parseHost(text, text));
}

const single = ({ kind, host }: { kind: 'host' | 'address'; host: string }): Target => ({
  kind,
  text: host,
  host,
  count: 1,
});

/** `part` is a host name or an address, alone or out of `text`. */
function parseHost(part: string, text: string): { kind: 'host' | 'address'; host: string } {
  const address = parseAddress(part);
  if (address) return { kind: 'address', host: formatAddress(address) };
  refuseOtherForms(part, text);
  const name = canonicalName(part);
  if (typeof name !== 'string')
    throw refused(text, name.fault, 'letters, digits, hyphens and dots, as in www.example.com');
  return { kind: 'host', host: name };
}

/** Forms that people try, each with what to write instead. The first that fits is named. */
const OTHER_FORMS: readonly { form: RegExp; what: string; allowed: string }[] = [
  { form: /%/, what: 'has a zone id or a percent sign', allowed: 'an address or name without it' },
  { form: /^\[|\]/, what: 'is in brackets', allowed: 'an IPv6 address without brackets; brackets belong to URLs' },
  {
    form: /^[^:]*:\d*$/,
    what: 'names a port',
    allowed: 'the host alone, with ports as an option of the scanner, or a URL',
  },
  { form: /:/, what: 'is not an IPv6 address', allowed: ANY_TARGET },
  {
    form: /[*?{},]/,
    what: 'is a wildcard or a list',
    allowed: 'one target an entry; for many addresses a CIDR, as in 192.0.2.0/24',
  },
  { form: /^[\d.]+-[\d.-]*$/, what: 'is a range', allowed: 'a CIDR, as in 192.0.2.0/28' },
];

function refuseOtherForms(part: string, text: string): void {
  const other = OTHER_FORMS.find(({ form }) => form.test(part));
  if (other) throw refused(text, other.what, other.allowed);
  if (looksLikeIpv4(part))
    throw refused(
      text,
      'reads as an address in an octal, hexadecimal, integer, short or otherwise odd form',
      ADDRESS_FORMS,
    );
}

function parseCidr(text: string): Target {
  const [base = '', prefix = '', ...rest] = text.split('/');
  const address = parseAddress(base);
  if (!address || rest.length > 0)
    throw refused(text, 'is neither a CIDR nor a URL', 'as in 192.0.2.0/24 or https://www.example.com/path');
  const { version } = address;
  const bits = ADDRESS_BITS[version];
  if (!isPrefix(prefix, version))
    throw refused(text, 'has a bad prefix length', `a number from 0 to ${bits} after the slash`);
  const { first, last } = rangeOf(address, Number(prefix));
  const host = formatAddress({ version, value: first });
  if (first !== address.value)
    throw refused(text, `is an address inside a network`, `the network, ${host}/${prefix}, or the address, ${base}`);
  if (last - first >= BigInt(MAX_ADDRESSES_PER_JOB))
    throw refused(text, 'is too large', `at most ${MAX_ADDRESSES_PER_JOB} addresses: /${bits - 16} or smaller`);
  if (first === last) return single({ kind: 'address', host });
  return { kind: 'cidr', text: `${host}/${prefix}`, host, count: Number(last - first) + 1 };
}

/** Scheme, authority and the rest, before any normalisation: the host is judged as it was written. */
const URL_PARTS = /^([^:]*):\/\/([^/?#]*)(.*)$/s;
const AUTHORITY = /^(?:\[([0-9a-f.]*:[^[\]]*)\]|([^:[\]]+))(:0*[1-9]\d*)?$/i;

const URL_FAULTS: readonly { form: RegExp; what: string; allowed: string }[] = [
  { form: /^(?!https?:)/i, what: 'is not an http(s) URL', allowed: 'http:// or https:// and a host' },
  { form: /#/, what: 'has a fragment', allowed: 'a URL without #' },
  { form: /\\/, what: 'holds a backslash', allowed: 'forward slashes, and %5C inside a path' },
];

function parseUrl(text: string): Target {
  const [, scheme = '', authority = '', rest = ''] = URL_PARTS.exec(text) ?? [];
  if (authority.includes('@'))
    throw new TargetError('is a URL that holds credentials; allowed: a URL without user name and password');
  const fault = URL_FAULTS.find(({ form }) => form.test(text));
  if (fault) throw refused(text, fault.what, fault.allowed);
  const [, bracketed, plain, port = ''] = AUTHORITY.exec(authority) ?? [];
  const part = bracketed ?? plain;
  if (part === undefined) throw refused(text, 'has no host, or a bad host or port', URL_EXAMPLE);
  const { host } = parseHost(part, text);
  const canonical = `${scheme}://${bracketed === undefined ? host : `[${host}]`}${port}${rest}`;
  if (!URL.canParse(canonical)) throw refused(text, 'is not a valid URL', URL_EXAMPLE);
  const { href } = new URL(canonical);
  if (href.length > MAX_TARGET_CHARACTERS)
    throw refused(text, 'is too long when encoded', `at most ${MAX_TARGET_CHARACTERS} characters`);
  return { kind: 'url', text: href, host, count: 1 };
}

const refused = (text: string, what: string, allowed: string): TargetError =>
  new TargetError(`is ${quoted(text)}, which ${what}; allowed: ${allowed}`);

/** At most 80 characters, with everything invisible or able to rewrite a line spelled out. */
function quoted(text: string): string {
  const start = [...text.slice(0, 80)].map((char) =>
    INVISIBLE.test(char) ? `\\u{${char.codePointAt(0)?.toString(16)}}` : char,
  );
  return `"${start.join('')}${text.length > 80 ? '…' : ''}"`;
}
