import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32Combine } from '#shared/report/crc32-combine.ts';

describe('crc32Combine', () => {
  it('equals the checksum of the two texts in a row', () => {
    // CRC-32 check value of "123456789" (Rocksoft catalogue: CRC-32/ISO-HDLC).
    expect(crc32Combine(crc32('1234'), crc32('56789'), 5)).toBe(0xcbf43926);
  });

  it('does so for any two texts', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
        expect(crc32Combine(crc32(a), crc32(b), b.length)).toBe(crc32(Buffer.concat([a, b])));
      }),
    );
  });

  it('holds for a second text longer than 4 GB', () => {
    // Zeros appended to a text whose register is clear change nothing but the length: combining in two steps must equal one.
    const zeros = (bytes: number): number => {
      if (bytes === 0) return 0;
      const half = zeros(Math.floor(bytes / 2));
      const twice = crc32Combine(half, half, Math.floor(bytes / 2));
      return bytes % 2 === 1 ? crc32(Buffer.of(0), twice) : twice;
    };
    const size = 5 * 2 ** 30 + 3;
    const other = crc32('tail');
    expect(crc32Combine(zeros(size), other, 4)).toBe(crc32(Buffer.from('tail'), zeros(size)));
    expect(crc32Combine(crc32('head'), zeros(size), size)).toBe(
      crc32Combine(crc32Combine(crc32('head'), zeros(size - 7), size - 7), zeros(7), 7),
    );
  });
});
