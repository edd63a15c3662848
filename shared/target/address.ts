/**
 * IP addresses as numbers, so that ranges can be counted, compared and walked. Only the one spelling everybody reads alike is an address:
 * four decimal numbers for IPv4, RFC 4291 for IPv6. What inet_aton would also take (octal, hexadecimal, integers, short forms) is not.
 */

export type Version = 4 | 6;

export interface Address {
  readonly version: Version;
  readonly value: bigint;
}

/** All addresses from `first` to `last`, both included. */
export interface AddressRange {
  readonly version: Version;
  readonly first: bigint;
  readonly last: bigint;
}

export const ADDRESS_BITS: Readonly<Record<Version, number>> = { 4: 32, 6: 128 };

const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const DOTTED_QUAD = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);
const IPV6_CHARACTERS = /^[0-9a-f:.]{2,45}$/i;

/** The address `text` spells, or undefined. Zone ids and brackets are not part of an address. */
export function parseAddress(text: string): Address | undefined {
  if (DOTTED_QUAD.test(text)) {
    const value = text.split('.').reduce((sum, octet) => sum * 256n + BigInt(octet), 0n);
    return { version: 4, value };
  }
  const canonical = text.includes(':') && IPV6_CHARACTERS.test(text) ? compressed(text) : undefined;
  return canonical === undefined ? undefined : { version: 6, value: valueOfIpv6(canonical) };
}

/** Canonical: dotted quad, or RFC 5952. A mapped IPv4 address is written in hexadecimal, as the WHATWG URL standard has it: one spelling in addresses and in URLs. */
export function formatAddress({ version, value }: Address): string {
  const { count, bits } = version === 4 ? { count: 4, bits: 8 } : { count: 8, bits: 16 };
  const numbers = Array.from({ length: count }, (_, i) =>
    Number(BigInt.asUintN(bits, value >> BigInt((count - 1 - i) * bits))),
  );
  if (version === 4) return numbers.join('.');
  const text = numbers.map((n) => n.toString(16)).join(':');
  return compressed(text) ?? text;
}

/** The addresses that share the first `prefix` bits with `address`. */
export function rangeOf({ version, value }: Address, prefix: number): AddressRange {
  const size = 1n << BigInt(ADDRESS_BITS[version] - prefix);
  const first = value - (value % size);
  return { version, first, last: first + size - 1n };
}

/** A CIDR in a table or a policy, or one address. Undefined when it is neither, or has bits set beyond its prefix. */
export function parseRange(text: string): AddressRange | undefined {
  const [base = '', prefix, ...rest] = text.split('/');
  const address = parseAddress(base);
  if (address === undefined || rest.length > 0) return undefined;
  if (prefix === undefined) return rangeOf(address, ADDRESS_BITS[address.version]);
  if (!isPrefix(prefix, address.version)) return undefined;
  const range = rangeOf(address, Number(prefix));
  return range.first === address.value ? range : undefined;
}

/** Whether `text` is a prefix length, written in one way: decimal, without leading zeros. */
export const isPrefix = (text: string, version: Version): boolean =>
  /^(?:0|[1-9]\d{0,2})$/.test(text) && Number(text) <= ADDRESS_BITS[version];

export const overlaps = (a: AddressRange, b: AddressRange): boolean =>
  a.version === b.version && a.first <= b.last && b.first <= a.last;

export const contains = (outer: AddressRange, inner: AddressRange): boolean =>
  outer.version === inner.version && outer.first <= inner.first && inner.last <= outer.last;

/** RFC 5952's compression by the URL parser, which reads IPv6 as strictly as RFC 4291 writes it. */
function compressed(text: string): string | undefined {
  const url = `http://[${text}]/`;
  return URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : undefined;
}

/** `canonical` holds hexadecimal groups and at most one `::`. */
function valueOfIpv6(canonical: string): bigint {
  const [head = [], tail = []] = canonical.split('::').map((side) => side.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  return [...head, ...zeros, ...tail].reduce((sum, group) => (sum << 16n) + BigInt(`0x${group}`), 0n);
}
