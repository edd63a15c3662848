/** What the fuzz tests of all parsers do to their inputs, and what holds of every result. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Parser } from '#containers/scan-worker/scanner.ts';
import { SEVERITIES } from '#shared/finding/severity.ts';
import type { Parsed } from './parsing.ts';

/** How many parts an input is cut at. */
const CUTS = 200;

/** The input cut at each 200th of its length. */
export function* cutsOf(bytes: Buffer): Generator<Buffer> {
  for (let part = 0; part < CUTS; part += 1) yield bytes.subarray(0, Math.floor((bytes.length * part) / CUTS));
}

/** Lengths of the pieces an input arrives in, again and again. */
export const pieceSizes = (maxBytes: number) =>
  fc.array(fc.integer({ min: 1, max: maxBytes }), { minLength: 1, maxLength: 10 });

/** The input with up to four of its bytes changed, and where the first of them is. */
export function changesOf(bytes: Buffer): fc.Arbitrary<{ changed: Buffer; firstAt: number }> {
  const change = fc.record({
    at: fc.integer({ min: 0, max: bytes.length - 1 }),
    byte: fc.integer({ min: 0, max: 255 }),
  });
  return fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
    const changed = Buffer.from(bytes);
    for (const { at, byte } of changes) changed[at] = byte;
    return { changed, firstAt: Math.min(...changes.map(({ at }) => at)) };
  });
}

/** Well-formed XML of the elements and attributes named, in any order, nested up to five deep; `word` makes the attributes' values and the text. */
export function xmlOf(
  names: readonly string[],
  keys: readonly string[],
  word: fc.Arbitrary<string>,
): fc.Arbitrary<string> {
  const escaped = word.map((text) => text.replace(/[<&">\p{Cc}]/gu, (character) => `&#${character.charCodeAt(0)};`));
  const attributes = fc.uniqueArray(fc.tuple(fc.constantFrom(...keys), escaped), {
    selector: ([key]) => key,
    maxLength: 5,
  });
  const tag = fc.tuple(fc.constantFrom(...names), attributes).map(([name, given]) => ({
    name,
    start: `<${name}${given.map(([key, value]) => ` ${key}="${value}"`).join('')}`,
  }));
  const { tree } = fc.letrec<{ tree: string; branch: string }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      tag.map(({ start }) => `${start}/>`),
      escaped,
      tie('branch'),
    ),
    branch: fc
      .tuple(tag, fc.array(tie('tree'), { maxLength: 5 }))
      .map(([{ name, start }, inside]) => `${start}>${inside.join('')}</${name}>`),
  }));
  return tree;
}

/** Counts agree with what was delivered, and each finding has what every finding has. */
export function expectSound({ findings, summary }: Parsed): void {
  expect(summary.findings).toBe(findings.length);
  expect(SEVERITIES.reduce((sum, severity) => sum + summary.bySeverity[severity], 0)).toBe(findings.length);
  for (const { id, rule, title, location, detectedAt } of findings) {
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(rule).not.toBe('');
    expect(title.length).toBeLessThanOrEqual(200);
    expect(new Date(detectedAt).toISOString()).toBe(detectedAt);
    if (location.port !== undefined) expect(location.port).toBeLessThanOrEqual(65_535);
  }
}

/** By how many MB the process grows at most while `start`, and then `repeated` again and again, is parsed; a little of it as stderr, too. */
export function growthOf(parser: Parser, start: string, repeated: string, megabytes: number): number {
  const megabyte = Buffer.from(repeated.repeat(Math.ceil(1_000_000 / repeated.length)));
  parser.write(Buffer.from(start));
  const before = process.memoryUsage().rss;
  let peak = before;
  for (let i = 0; i < megabytes; i += 1) {
    parser.write(megabyte);
    parser.writeStderr?.(megabyte.subarray(0, 50_000));
    peak = Math.max(peak, process.memoryUsage().rss);
  }
  return (peak - before) / 1e6;
}
