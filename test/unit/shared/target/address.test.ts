import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contains, formatAddress, overlaps, parseAddress, parseRange, rangeOf } from '#shared/target/address.ts';

describe('an address', () => {
  it.each([
    ['0.0.0.0', 4, 0n],
    ['127.0.0.1', 4, 0x7f000001n],
    ['255.255.255.255', 4, 0xffffffffn],
    ['::', 6, 0n],
    ['::1', 6, 1n],
    ['2001:db8::1', 6, 0x20010db8_00000000_00000000_00000001n],
    ['::ffff:127.0.0.1', 6, 0xffff_7f000001n],
  ] as const)('%s is a number', (text, version, value) => expect(parseAddress(text)).toEqual({ version, value }));

  it.each(['', '1.2.3', '1.2.3.04', '0x1.2.3.4', 'a.example', '[::1]', 'fe80::1%eth0', '::1/128', '1.2.3.4 ', '::\n1'])(
    '%j is none',
    (text) => expect(parseAddress(text)).toBeUndefined(),
  );

  it('survives being written and read', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, (1n << 128n) - 1n), fc.bigInt(0n, (1n << 32n) - 1n), (six, four) => {
        expect(parseAddress(formatAddress({ version: 6, value: six }))).toEqual({ version: 6, value: six });
        expect(parseAddress(formatAddress({ version: 4, value: four }))).toEqual({ version: 4, value: four });
      }),
    );
  });
});

describe('a range', () => {
  it.each([
    ['10.0.0.0/8', 0x0a000000n, 0x0affffffn],
    ['0.0.0.0/0', 0n, 0xffffffffn],
    ['192.0.2.1', 0xc0000201n, 0xc0000201n],
    ['fc00::/7', 0xfcn << 120n, (0xfen << 120n) - 1n],
  ])('%s reaches from its first to its last address', (text, first, last) =>
    expect(parseRange(text)).toMatchObject({ first, last }),
  );

  it.each(['10.0.0.1/8', '10.0.0.0/33', '10.0.0.0/08', '10.0.0.0/8/8', 'a.example', '::/129', ''])(
    '%j is none',
    (text) => expect(parseRange(text)).toBeUndefined(),
  );

  const range = (text: string) => parseRange(text) ?? rangeOf({ version: 4, value: 0n }, 0);
  it.each([
    ['10.0.0.0/8', '10.255.255.255', true, true],
    ['10.0.0.0/8', '11.0.0.0', false, false],
    ['10.0.0.0/8', '9.0.0.0/8', false, false],
    ['10.1.0.0/16', '10.0.0.0/8', true, false],
    ['10.0.0.0/8', '::a00:0', false, false],
    ['fc00::/7', 'fd00::/8', true, true],
  ])('%s and %s: overlap %s, the first contains the second %s', (a, b, overlap, within) => {
    expect(overlaps(range(a), range(b))).toBe(overlap);
    expect(contains(range(a), range(b))).toBe(within);
  });
});
