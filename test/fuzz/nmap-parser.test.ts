/** nmap's XML cut, changed, cut to pieces and made up: the parser always ends in a value that agrees with what was there. */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nmapParser } from '#containers/scan-worker/scanners/nmap/parse.ts';
import { changesOf, cutsOf, expectSound, growthOf, pieceSizes, xmlOf } from '#test/support/fuzzing.ts';
import { nmapDocument, nmapFixture, parseNmap } from '#test/support/nmap.ts';
import { nmapCorpora } from '#test/support/nmap-corpora.ts';
import { DETECTED_AT, type Parsed } from '#test/support/parsing.ts';

const FIXTURES = readdirSync(new URL('../support/fixtures/nmap/', import.meta.url)).map((file) =>
  file.replace('.xml', ''),
);
const files = [
  ...FIXTURES.map((name) => ({ name, bytes: nmapFixture(name) })),
  ...nmapCorpora().map(({ name, path }) => ({ name, bytes: readFileSync(path) })),
];

/** Each host that was read is delivered once. */
function expectWhole(parsed: Parsed): void {
  expectSound(parsed);
  expect(parsed.summary.hosts).toBe(parsed.hosts.length);
}

describe.each(files)('$name', ({ bytes }) => {
  const whole = parseNmap(bytes);

  it('cut at each 200th of its length gives the hosts before the cut, and says that it was cut', () => {
    for (const begun of cutsOf(bytes)) {
      const cut = parseNmap(begun);
      expect(cut.hosts).toEqual(whole.hosts.slice(0, cut.hosts.length));
      expect(cut.findings).toEqual(whole.findings.slice(0, cut.findings.length));
      expect(cut.summary.partial).not.toBe(false);
      expectWhole(cut);
    }
  });

  it('reads the same in pieces of any size', () => {
    fc.assert(
      fc.property(pieceSizes(5_000), (sizes) => {
        expect(parseNmap(bytes, { sizes })).toEqual(whole);
      }),
      { numRuns: 15, examples: [[[1]], [[7]]] },
    );
  });

  it('with bytes changed still ends in a value, and what came before the change stands', () => {
    fc.assert(
      fc.property(changesOf(bytes), ({ changed, firstAt }) => {
        const result = parseNmap(changed);
        expectWhole(result);
        const before = parseNmap(bytes.subarray(0, firstAt));
        expect(result.hosts.slice(0, before.hosts.length)).toEqual(before.hosts);
      }),
      { numRuns: 60 },
    );
  });
});

describe('made-up documents', () => {
  const word = fc.oneof(
    fc.constantFrom('up', 'down', 'open', 'closed', 'user-set', 'tcp', '80', 'true', 'user', 'mac', '192.0.2.1'),
    fc.string(),
  );
  const NAMES = [
    'host',
    'status',
    'address',
    'hostname',
    'ports',
    'port',
    'state',
    'service',
    'script',
    'extraports',
    'extrareasons',
    'cpe',
    'hosthint',
    'runstats',
    'finished',
    'hosts',
    'scaninfo',
    'table',
    'elem',
  ];
  const KEYS = [
    'state',
    'reason',
    'addr',
    'addrtype',
    'name',
    'type',
    'portid',
    'protocol',
    'id',
    'output',
    'timedout',
    'endtime',
    'product',
    'total',
    'exit',
  ];
  it('of the elements nmap has, in any order, end in a value that is the same for pieces of any size', () => {
    fc.assert(
      fc.property(
        fc.array(xmlOf(NAMES, KEYS, word), { maxLength: 4 }),
        fc.integer({ min: 1, max: 50 }),
        (trees, size) => {
          const document = nmapDocument(trees.join('\n'));
          const whole = parseNmap(document);
          expectWhole(whole);
          expect(parseNmap(document, { sizes: [size] })).toEqual(whole);
        },
      ),
      { numRuns: 10_000 },
    );
  });
});

describe('input without end', () => {
  const MEGABYTES = 96;
  const HOST = '<host><status state="up" reason="x"/><address addr="192.0.2.1" addrtype="ipv4"/>';
  const PORT = '<port protocol="tcp" portid="1"><state state="closed" reason="reset"/></port>';

  // biome-ignore format: a table reads by column
  it.each([
    ['hosts',                '<nmaprun>',                            `${HOST}<ports>${PORT}</ports></host>\n`],
    ['closed ports',         `<nmaprun>${HOST}<ports>`,              PORT],
    ['open ports',           `<nmaprun>${HOST}<ports>`,              PORT.replace('closed', 'open')],
    ['script outputs',       `<nmaprun>${HOST}<hostscript>`,         `<script id="x" output="${'y'.repeat(500)}"/>`],
    ['techniques',           '<nmaprun>',                            '<scaninfo type="x" services="1-65535"/>'],
    ['a value',              '<nmaprun args="',                      'y'.repeat(500)],
    ['attributes',           '<nmaprun ',                            'a="1" '],
    ['white space',          '<nmaprun ',                            ' '.repeat(500)],
    ['text',                 '<nmaprun>',                            'y'.repeat(500)],
    ['a comment',            '<!--',                                 '> > '],
    ['depth',                '<nmaprun>',                            '<table>'],
    ['white space before all', '',                                   ' '.repeat(500)],
  ])('of %s takes bounded memory', (_, start, repeated) => {
    const parser = nmapParser({ finding: () => undefined, host: () => undefined }, { detectedAt: DETECTED_AT });
    const megabytes = growthOf(parser, start, repeated, MEGABYTES);
    expect(parser.end().partial).not.toBe(false);
    expect(megabytes).toBeLessThan(250);
  });
});
