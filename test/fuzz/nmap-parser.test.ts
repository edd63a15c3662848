/** nmap's XML cut, changed, cut to pieces and made up: the parser always ends in a value that agrees with what was there. */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nmapParser } from '#containers/scan-worker/scanners/nmap/parse.ts';
import { SEVERITIES } from '#shared/finding/severity.ts';
import { DETECTED_AT, nmapDocument, nmapFixture, type Parsed, parseNmap } from '#test/support/nmap.ts';
import { nmapCorpora } from '#test/support/nmap-corpora.ts';

const FIXTURES = readdirSync(new URL('../support/fixtures/nmap/', import.meta.url)).map((file) =>
  file.replace('.xml', ''),
);
const files = [
  ...FIXTURES.map((name) => ({ name, bytes: nmapFixture(name) })),
  ...nmapCorpora().map(({ name, path }) => ({ name, bytes: readFileSync(path) })),
];

/** What holds of every result, whatever was read. */
function expectSound({ findings, hosts, summary }: Parsed): void {
  expect(summary.hosts).toBe(hosts.length);
  expect(summary.findings).toBe(findings.length);
  expect(SEVERITIES.reduce((sum, severity) => sum + summary.bySeverity[severity], 0)).toBe(findings.length);
  for (const { id, rule, title, location } of findings) {
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(rule).not.toBe('');
    expect(title.length).toBeLessThanOrEqual(200);
    if (location.port !== undefined) expect(location.port).toBeLessThanOrEqual(65_535);
  }
}

describe.each(files)('$name', ({ bytes }) => {
  const whole = parseNmap(bytes);

  it('cut at each 200th of its length gives the hosts before the cut, and says that it was cut', () => {
    for (let part = 0; part < 200; part += 1) {
      const cut = parseNmap(bytes.subarray(0, Math.floor((bytes.length * part) / 200)));
      expect(cut.hosts).toEqual(whole.hosts.slice(0, cut.hosts.length));
      expect(cut.findings).toEqual(whole.findings.slice(0, cut.findings.length));
      expect(cut.summary.partial).not.toBe(false);
      expectSound(cut);
    }
  });

  it('reads the same in pieces of any size', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(sizes, (pieces) => {
        expect(parseNmap(bytes, { sizes: pieces })).toEqual(whole);
      }),
      { numRuns: 15, examples: [[[1]], [[7]]] },
    );
  });

  it('with bytes changed still ends in a value, and what came before the change stands', () => {
    const change = fc.record({
      at: fc.integer({ min: 0, max: bytes.length - 1 }),
      byte: fc.integer({ min: 0, max: 255 }),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const changed = Buffer.from(bytes);
        for (const { at, byte } of changes) changed[at] = byte;
        const result = parseNmap(changed);
        expectSound(result);
        const before = parseNmap(bytes.subarray(0, Math.min(...changes.map(({ at }) => at))));
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
  const quoted = word.map((text) => `"${text.replace(/[<&"]/g, (character) => `&#${character.charCodeAt(0)};`)}"`);
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
  const tag = fc
    .tuple(
      fc.constantFrom(...NAMES),
      fc.uniqueArray(fc.tuple(fc.constantFrom(...KEYS), quoted), { selector: ([key]) => key, maxLength: 5 }),
    )
    .map(([name, given]) => ({ name, start: `<${name}${given.map(([key, value]) => ` ${key}=${value}`).join('')}` }));
  const { tree } = fc.letrec<{ tree: string; branch: string }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      tag.map(({ start }) => `${start}/>`),
      tie('branch'),
    ),
    branch: fc
      .tuple(tag, fc.array(tie('tree'), { maxLength: 5 }))
      .map(([{ name, start }, inside]) => `${start}>${inside.join('')}</${name}>`),
  }));

  it('of the elements nmap has, in any order, end in a value that is the same for pieces of any size', () => {
    fc.assert(
      fc.property(fc.array(tree, { maxLength: 4 }), fc.integer({ min: 1, max: 50 }), (trees, size) => {
        const document = nmapDocument(trees.join('\n'));
        const whole = parseNmap(document);
        expectSound(whole);
        expect(parseNmap(document, { sizes: [size] })).toEqual(whole);
      }),
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
    const megabyte = Buffer.from(repeated.repeat(Math.ceil(1_000_000 / repeated.length)));
    parser.write(Buffer.from(start));
    const before = process.memoryUsage().rss;
    let peak = before;
    for (let i = 0; i < MEGABYTES; i += 1) {
      parser.write(megabyte);
      peak = Math.max(peak, process.memoryUsage().rss);
    }
    expect(parser.end().partial).not.toBe(false);
    expect((peak - before) / 1e6).toBeLessThan(250);
  });
});
