/** The outputs of nuclei and gobuster cut, changed, cut to pieces and made up: the parsers always end in a value that agrees with what was there. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Parser } from '#containers/scan-worker/scanner.ts';
import { gobusterParser } from '#containers/scan-worker/scanners/gobuster/parse.ts';
import { nucleiParser } from '#containers/scan-worker/scanners/nuclei/parse.ts';
import { changesOf, cutsOf, expectSound, growthOf, pieceSizes } from '#test/support/fuzzing.ts';
import { gobusterCorpora, parseGobuster } from '#test/support/gobuster.ts';
import { nucleiCorpora, nucleiRecord, parseNuclei } from '#test/support/nuclei.ts';
import { DETECTED_AT, type Parsed } from '#test/support/parsing.ts';

type Parse = typeof parseNuclei;
type File = [name: string, parse: Parse, bytes: Buffer];

const RECORDS = Array.from({ length: 20 }, (_, i) =>
  JSON.stringify(nucleiRecord({ 'matched-at': `https://app.example/${i}`, 'extracted-results': ['}"\\{', `${i}`] })),
);
const LINES = Array.from({ length: 20 }, (_, i) => `/path-${i}          (Status: 301) [Size: ${i}] [--> /path-${i}/]`);
const NAMES = Array.from({ length: 20 }, (_, i) => `Found: host-${i}.example${i % 2 ? ` [192.0.2.${i}]` : ''}`);

const files: File[] = [
  ['JSON lines', parseNuclei, Buffer.from(`${RECORDS.join('\n')}\n`)],
  ['a JSON array', parseNuclei, Buffer.from(`[\n  ${RECORDS.join(',\n  ')}\n]\n`)],
  ['paths', parseGobuster, Buffer.from(`${LINES.join('\n')}\n`)],
  ['names', parseGobuster, Buffer.from(`${NAMES.join('\n')}\n`)],
  ...nucleiCorpora().map(({ name, path }): File => [name, parseNuclei, readFileSync(path)]),
  ...gobusterCorpora().map(({ name, path }): File => [name, parseGobuster, readFileSync(path)]),
];

/** No record gives more than one finding. */
function expectWhole(parsed: Parsed): void {
  expectSound(parsed);
  expect(parsed.summary.records).toBeGreaterThanOrEqual(parsed.findings.length);
}

const idsOf = ({ findings }: Parsed) => findings.map(({ id }) => id);

describe.each(files)('%s', (_, parse, bytes) => {
  const whole = parse(bytes);

  it('cut at each 200th of its length gives what stood before the cut', () => {
    for (const begun of cutsOf(bytes)) {
      const cut = parse(begun);
      expect(idsOf(cut)).toEqual(idsOf(whole).slice(0, cut.findings.length));
      expectWhole(cut);
    }
  });

  it('reads the same in pieces of any size', () => {
    fc.assert(
      fc.property(pieceSizes(5_000), (sizes) => {
        expect(parse(bytes, { sizes })).toEqual(whole);
      }),
      { numRuns: 15, examples: [[[1]], [[7]]] },
    );
  });

  it('with bytes changed still ends in a value, and what came before the change stands', () => {
    fc.assert(
      fc.property(changesOf(bytes), ({ changed, firstAt }) => {
        const result = parse(changed);
        expectWhole(result);
        // Up to the last line that ended before the first change.
        const untouched = bytes.subarray(0, firstAt);
        const before = idsOf(parse(untouched.subarray(0, untouched.lastIndexOf('\n') + 1)));
        expect(idsOf(result).slice(0, before.length)).toEqual(before);
      }),
      { numRuns: 60 },
    );
  });
});

describe('made-up outputs', () => {
  const KEYS = [
    ...['template-id', 'templateID', 'info', 'type', 'host', 'matched-at', 'matched', 'port', 'ip', 'url', 'timestamp'],
    ...['matcher-name', 'matcher-status', 'extracted-results', 'name', 'severity', 'tags', 'reference', 'description'],
    ...['classification', 'cve-id', 'cwe-id', 'cvss-score', 'cvss-metrics', '__proto__', 'constructor'],
  ];
  const word = fc.oneof(
    fc.constantFrom(
      'x',
      'high',
      'https://app.example:99/',
      '[::1]:80',
      'a:b',
      '-1',
      '1e400',
      'CVE-2021-0001',
      '2026-01-31',
    ),
    fc.string(),
    fc.integer(),
    fc.constantFrom(null, true, false),
  );
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 2 },
      word,
      fc.array(tie('value'), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom(...KEYS), tie('value'), { maxKeys: 3 }),
    ),
  }));
  const record = fc
    .dictionary(fc.constantFrom(...KEYS), value, { maxKeys: 6 })
    .map((fields) => ({ 'template-id': 'made-up', ...fields }));

  it('of the fields nuclei has, with any values, end in a value that is the same for pieces of any size', () => {
    fc.assert(
      fc.property(
        fc.array(record, { maxLength: 2 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 50 }),
        (records, isArray, size) => {
          const texts = records.map((one) => JSON.stringify(one));
          const input = isArray ? `[${texts.join(' ,\n')}]` : texts.join('\n');
          const whole = parseNuclei(input);
          expectWhole(whole);
          expect(parseNuclei(input, { sizes: [size] })).toEqual(whole);
        },
      ),
      { numRuns: 10_000 },
    );
  });

  it('of the words gobuster has, in any order, end in a value that is the same for pieces of any size', () => {
    const token = fc.oneof(
      fc.constantFrom(
        'Found: ',
        '/a',
        'b.example',
        ' (Status: 200)',
        ' Status: 403',
        ' [Size: 7]',
        ' [--> /a/]',
        ' [::1]',
        '\n',
        '\r',
      ),
      fc.constantFrom('[+] ', '=====', '\u001b[2K', 'Progress: 7', 'http://a.example/'),
      fc.string({ maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 12 }), fc.integer({ min: 1, max: 20 }), (tokens, size) => {
        const whole = parseGobuster(tokens.join(''), { stderr: tokens.join('') });
        expectWhole(whole);
        expect(parseGobuster(tokens.join(''), { stderr: tokens.join(''), sizes: [size] })).toEqual(whole);
      }),
      { numRuns: 10_000 },
    );
  });
});

describe('input without end', () => {
  const MEGABYTES = 16;
  const sink = { finding: () => undefined, host: () => undefined };
  const [nuclei, gobuster] = [nucleiParser, gobusterParser].map(
    (parserOf) => () => parserOf(sink, { detectedAt: DETECTED_AT }),
  );

  // biome-ignore format: a table reads by column
  it.each<[string, (() => Parser) | undefined, start: string, repeated: string]>([
    ['records',             nuclei,   '',                     `${RECORDS[0]}\n`],
    ['one line',            nuclei,   '{"template-id":"',     'y'.repeat(500)],
    ['bad lines',           nuclei,   '{}\n',                 'y\n'],
    ['items',               nuclei,   '[',                    `${RECORDS[0]},`],
    ['one item',            nuclei,   '[{"a":"',              'y'.repeat(500)],
    ['depth',               nuclei,   '[',                    '{"a":'],
    ['white space',         nuclei,   '',                     ' '.repeat(500)],
    ['results',             gobuster, '',                     `${LINES[0]}\n`],
    ['one line of results', gobuster, '/a',                   'y'.repeat(500)],
  ])('of %s takes bounded memory, on stdout and on stderr', (_, begin, start, repeated) => {
    const parser = begin?.() as Parser;
    const megabytes = growthOf(parser, start, repeated, MEGABYTES);
    parser.end();
    expect(megabytes).toBeLessThan(250);
  });
});
