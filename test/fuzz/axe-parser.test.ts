/** Results of axe-core cut, changed, cut to pieces and made up: the parser always ends in a value that agrees with what was there. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { axeParser } from '#containers/scan-worker/scanners/axe/parse.ts';
import { axeCorpora, axeNode, axeResult, axeRule, endLine, pageLine, parseAxe } from '#test/support/axe.ts';
import { changesOf, cutsOf, expectSound, growthOf, pieceSizes } from '#test/support/fuzzing.ts';
import { DETECTED_AT, type Parsed } from '#test/support/parsing.ts';

const LINES = Array.from({ length: 20 }, (_, at) => {
  const url = `https://app.example/${at}`;
  const result = axeResult({ url, violations: [axeRule({ nodes: [axeNode({ html: '<p title="}\\"{">' })] })] });
  return at % 5 === 4 ? pageLine({ url, result: 'timeout' }) : pageLine({ url, result: 'tested' }, result);
});

const files: [name: string, bytes: Buffer][] = [
  ["the runner's lines", Buffer.from([...LINES, endLine()].join(''))],
  [
    'an array on many lines',
    Buffer.from(JSON.stringify([axeResult(), axeResult({ url: 'http://a.example/' })], null, 2)),
  ],
  ...axeCorpora().map(({ name, path }): [string, Buffer] => [name, readFileSync(path)]),
];

const idsOf = ({ findings }: Parsed) => findings.map(({ id }) => id);

describe.each(files)('%s', (_, bytes) => {
  const whole = parseAxe(bytes);

  it('cut at each 200th of its length gives what stood before the cut', () => {
    for (const begun of cutsOf(bytes)) {
      const cut = parseAxe(begun);
      expectSound(cut);
      expect(idsOf(cut)).toEqual(idsOf(whole).slice(0, cut.findings.length));
      expect(cut.hosts).toEqual(whole.hosts.slice(0, cut.hosts.length));
      expect(cut.summary.details.ended).toBe(false);
    }
  });

  it('reads the same in pieces of any size', () => {
    fc.assert(
      fc.property(pieceSizes(5_000), (sizes) => {
        expect(parseAxe(bytes, { sizes })).toEqual(whole);
      }),
      { numRuns: 15, examples: [[[1]], [[7]]] },
    );
  });

  it('with bytes changed still ends in a value, and what came before the change stands', () => {
    fc.assert(
      fc.property(changesOf(bytes), ({ changed, firstAt }) => {
        const result = parseAxe(changed);
        expectSound(result);
        const before = idsOf(parseAxe(bytes.subarray(0, firstAt)));
        expect(idsOf(result).slice(0, before.length)).toEqual(before);
      }),
      { numRuns: 60 },
    );
  });
});

describe('made-up results', () => {
  const KEYS = [
    ...[
      'violations',
      'incomplete',
      'nodes',
      'target',
      'html',
      'impact',
      'id',
      'help',
      'helpUrl',
      'tags',
      'url',
      'page',
    ],
    ...['result', 'detail', 'timestamp', 'failureSummary', 'end', 'unvisited', 'blocked', '__proto__', 'constructor'],
  ];
  const word = fc.oneof(
    fc.constantFrom(
      'x',
      'serious',
      'wcag143',
      'https://app.example:99/',
      'http://[::1]/',
      'tested',
      'a:b',
      '2026-01-31',
    ),
    fc.string(),
    fc.integer(),
    fc.constantFrom(null, true, false),
  );
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      word,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...KEYS), tie('value'), { maxKeys: 4 }),
    ),
  }));
  const violations = fc.array(
    fc.dictionary(fc.constantFrom(...KEYS), value).map((rule) => ({ id: 'x', ...rule })),
    {
      maxLength: 2,
    },
  );
  const record = fc
    .tuple(fc.dictionary(fc.constantFrom(...KEYS), value, { maxKeys: 6 }), violations)
    .map(([fields, rules]) => ({ violations: rules, ...fields }));

  it('of the fields axe-core has, with any values, end in a value that is the same for pieces of any size', () => {
    fc.assert(
      fc.property(
        fc.array(record, { maxLength: 2 }),
        fc.integer({ min: 0, max: 2 }),
        pieceSizes(50),
        (records, indent, sizes) => {
          const input = records.map((one) => JSON.stringify(one, null, indent)).join('\n');
          const whole = parseAxe(input);
          expectSound(whole);
          expect(parseAxe(input, { sizes })).toEqual(whole);
        },
      ),
      { numRuns: 10_000 },
    );
  });
});

describe('input without end', () => {
  // biome-ignore format: a table reads by column
  it.each([
    ['lines',      '',                   LINES[0] ?? ''],
    ['items',      '[',                  `${JSON.stringify(axeResult())},`],
    ['one object', '{"violations":[',    '{"id":"x"},'],
    ['one text',   '{"url":"',           'y'.repeat(500)],
    ['depth',      '',                   '{"a":'],
    ['noise',      '{}',                 'y\n'],
  ])('of %s takes bounded memory', (_, start, repeated) => {
    const parser = axeParser({ finding: () => undefined, host: () => undefined }, { detectedAt: DETECTED_AT });
    expect(growthOf(parser, start, repeated, 16)).toBeLessThan(250);
    parser.end();
  });
});
