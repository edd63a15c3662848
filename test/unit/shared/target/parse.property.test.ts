import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTarget, TargetError } from '#shared/target/parse.ts';
import type { Target } from '#shared/target/target.ts';

const RUNS = { numRuns: 3_000 };

const accepted = (text: string): Target | undefined => {
  try {
    return parseTarget(text);
  } catch (error) {
    if (error instanceof TargetError) return undefined;
    throw error;
  }
};

/** Text near enough to targets that a good part of it is accepted. */
const targetLike = fc.oneof(
  fc.webUrl({ withQueryParameters: true }),
  fc.domain(),
  fc.ipV4(),
  fc.ipV4Extended(),
  fc.ipV6(),
  fc.tuple(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(130)).map(([address, prefix]) => `${address}/${prefix}`),
  fc
    .array(
      fc.constantFrom(
        '0',
        '1',
        'x',
        'f',
        'a',
        'é',
        'я',
        '１',
        '.',
        '-',
        ':',
        '/',
        '[',
        ']',
        '%',
        '@',
        '#',
        '*',
        '_',
        '\n',
        '\u202e',
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join('')),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }).map((name) => `http://${name}/`),
);

describe('parseTarget', () => {
  it('throws nothing but TargetError, for any text', () => {
    fc.assert(
      fc.property(targetLike, (text) => void accepted(text)),
      RUNS,
    );
  });

  it('gives a canonical form that reads as itself', () => {
    let seen = 0;
    fc.assert(
      fc.property(targetLike, (text) => {
        const target = accepted(text);
        if (target === undefined) return;
        seen += 1;
        expect(parseTarget(target.text)).toEqual(target);
      }),
      RUNS,
    );
    expect(seen).toBeGreaterThan(RUNS.numRuns / 4);
  });

  it('gives visible ASCII only, never beginning with a hyphen', () => {
    fc.assert(
      fc.property(targetLike, (text) => {
        const target = accepted(text);
        if (target) expect(`${target.text} ${target.host}`).toMatch(/^[!-,.-~][!-~]* [!-,.-~][!-~]*$/);
      }),
      RUNS,
    );
  });

  it('agrees with the URL parser on the host of every URL it accepts, as written', () => {
    fc.assert(
      fc.property(targetLike, (text) => {
        const target = accepted(text);
        if (target?.kind !== 'url') return;
        expect(new URL(text).hostname.replace(/\.$/, '')).toBe(
          target.host.includes(':') ? `[${target.host}]` : target.host,
        );
      }),
      RUNS,
    );
  });

  it('takes a name for an address only when the URL parser takes the same name for the same address', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4Extended(), fc.ipV4(), fc.domain()), (text) => {
        const target = accepted(text);
        if (target) expect(new URL(`http://${text}/`).hostname).toBe(target.host);
      }),
      RUNS,
    );
  });

  it('repeats no control character in what it says', () => {
    fc.assert(
      fc.property(targetLike, (text) => {
        try {
          parseTarget(text);
        } catch (error) {
          expect((error as Error).message).not.toMatch(/[\p{C}\u2028\u2029]/u);
        }
      }),
      RUNS,
    );
  });
});
