/**
 * Addresses that are not simply somebody's machine on the internet. Sources: IANA IPv4 and IPv6 Special-Purpose Address Registries
 * (https://www.iana.org/assignments/iana-ipv4-special-registry, …/iana-ipv6-special-registry), IANA IPv6 Address Space (RFC 4291: only
 * 2000::/3 is global unicast), IPv4 Multicast (RFC 5771), and the endpoints AWS puts into every VPC.
 * Documentation ranges (RFC 5737, RFC 3849, RFC 9637) are left out on purpose: nothing is routed there, so examples may use them.
 */
import { type AddressRange, overlaps, parseAddress, parseRange } from './address.ts';

/** never: no policy opens it · onPurpose: an allow rule for the range opens it · loopback: the same, in local mode only. */
type Opening = 'never' | 'onPurpose' | 'loopback';

export interface SpecialRange {
  readonly range: AddressRange;
  readonly opening: Opening;
  /** What it is, for the message. */
  readonly what: string;
}

/** What stands between loopback and global unicast: every IPv4 address in the clothes of IPv6, among others. */
const LOW_IPV6 = '::2-1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff';
const HIGH_IPV6 = '4000::-fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff';

// biome-ignore format: a table reads by column
const TABLE: readonly (readonly [range: string, opening: Opening, what: string])[] = [
  ['0.0.0.0/8',       'never',     'this network (RFC 791)'],
  ['10.0.0.0/8',      'onPurpose', 'private (RFC 1918)'],
  ['100.64.0.0/10',   'onPurpose', 'shared by a carrier, CGNAT (RFC 6598)'],
  ['127.0.0.0/8',     'loopback',  'loopback (RFC 1122)'],
  ['169.254.0.0/16',  'never',     'link-local, where metadata and credentials are served (RFC 3927)'],
  ['172.16.0.0/12',   'onPurpose', 'private (RFC 1918)'],
  ['192.0.0.0/24',    'never',     'for protocols (RFC 6890)'],
  ['192.88.99.0/24',  'never',     'the 6to4 relays (RFC 7526)'],
  ['192.168.0.0/16',  'onPurpose', 'private (RFC 1918)'],
  ['198.18.0.0/15',   'onPurpose', 'for benchmarks (RFC 2544)'],
  ['224.0.0.0/4',     'never',     'multicast (RFC 5771)'],
  ['240.0.0.0/4',     'never',     'reserved or broadcast (RFC 1112)'],

  ['::/128',          'never',     'unspecified (RFC 4291)'],
  ['::1/128',         'loopback',  'loopback (RFC 4291)'],
  [LOW_IPV6,          'never',     'IPv4-mapped, IPv4-compatible, NAT64, discard-only or reserved (RFC 4291, RFC 6052, RFC 8215, RFC 6666); name the IPv4 address itself'],
  ['2001::/23',       'never',     'for protocols, Teredo among them (RFC 2928, RFC 4380)'],
  ['2002::/16',       'never',     '6to4 (RFC 3056); name the IPv4 address itself'],
  [HIGH_IPV6,         'never',     'reserved (RFC 4291)'],
  ['fd00:ec2::/32',   'never',     'where AWS serves metadata and credentials (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html)'],
  ['fc00::/7',        'onPurpose', 'unique local (RFC 4193)'],
  ['fe00::/9',        'never',     'reserved (RFC 4291)'],
  ['fe80::/10',       'never',     'link-local (RFC 4291)'],
  ['fec0::/10',       'never',     'site-local (RFC 3879)'],
  ['ff00::/8',        'never',     'multicast (RFC 4291)'],
];

export const SPECIAL_RANGES: readonly SpecialRange[] = TABLE.map(([text, opening, what]) => ({
  range: rangeIn(text),
  opening,
  what,
}));

function rangeIn(text: string): AddressRange {
  const [first = '', last] = text.split('-');
  const [from, to] = [parseAddress(first), parseAddress(last ?? '')];
  const range = from && to ? { version: from.version, first: from.value, last: to.value } : parseRange(text);
  if (range === undefined) throw new RangeError(`${text} is not a range of addresses`);
  return range;
}

/** Whether an address lies in one of them; what is no address does too. */
export function isSpecialAddress(text: string): boolean {
  const range = parseRange(text);
  return range === undefined || SPECIAL_RANGES.some((special) => overlaps(special.range, range));
}
