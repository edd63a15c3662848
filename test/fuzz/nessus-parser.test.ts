/** .nessus files cut, changed, cut to pieces and made up: the parser always ends in a value that agrees with what was there. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nessusParser } from '#containers/scan-worker/scanners/nessus/parse.ts';
import { changesOf, cutsOf, expectSound, growthOf, pieceSizes, xmlOf } from '#test/support/fuzzing.ts';
import { nessusCorpora, nessusDocument, nessusHost, nessusItem, parseNessus } from '#test/support/nessus.ts';
import { nessusXml } from '#test/support/nessus-xml.ts';
import { DETECTED_AT, type Parsed } from '#test/support/parsing.ts';

const files = [
  { name: 'two hosts', bytes: Buffer.from([...nessusXml(2)].join('')) },
  ...nessusCorpora().map(({ name, path }) => ({ name, bytes: readFileSync(path) })),
];

/** Each item that was read gives one finding, each host is delivered once. */
function expectWhole(parsed: Parsed): void {
  expectSound(parsed);
  expect(parsed.summary.records).toBe(parsed.findings.length);
  expect(parsed.summary.hosts).toBe(parsed.hosts.length);
}

const idsOf = ({ findings }: Parsed) => findings.map(({ id }) => id);

describe.each(files)('$name', ({ bytes }) => {
  const whole = parseNessus(bytes);

  it('cut at each 200th of its length gives items and hosts before the cut, and says that it was cut', () => {
    for (const begun of cutsOf(bytes)) {
      const cut = parseNessus(begun);
      expect(cut.hosts).toEqual(whole.hosts.slice(0, cut.hosts.length));
      expect(idsOf(cut)).toEqual(idsOf(whole).slice(0, cut.findings.length));
      expect(cut.findings.at(-1)).toEqual(whole.findings[cut.findings.length - 1]);
      expect(cut.summary.partial).not.toBe(false);
      expectWhole(cut);
    }
  });

  it('reads the same in pieces of any size', () => {
    fc.assert(
      fc.property(pieceSizes(50_000), (sizes) => {
        expect(parseNessus(bytes, { sizes })).toEqual(whole);
      }),
      { numRuns: 8, examples: [[[1]], [[7]]] },
    );
  });

  it('with bytes changed still ends in a value, and what came before the change stands', () => {
    fc.assert(
      fc.property(changesOf(bytes), ({ changed, firstAt }) => {
        const result = parseNessus(changed);
        expectWhole(result);
        const before = parseNessus(bytes.subarray(0, firstAt));
        expect(idsOf(result).slice(0, before.findings.length)).toEqual(idsOf(before));
        expect(result.hosts.slice(0, before.hosts.length)).toEqual(before.hosts);
      }),
      { numRuns: 60 },
    );
  });
});

describe('made-up documents', () => {
  const word = fc.oneof(
    fc.constantFrom('host-ip', 'HOST_END', 'Fri Nov 20 10:00:00 2026', '1795171200', '10180', '0', '443', '4', 'tcp'),
    fc.constantFrom('true', '7.5', 'CVSS:3.1/AV:N', 'CVE-2026-0001', 'CWE:79', '79', 'considered as dead', 'http://a/'),
    fc.string(),
  );
  const NAMES = [
    ...['Report', 'ReportHost', 'HostProperties', 'tag', 'ReportItem', 'Policy', 'description', 'plugin_output', 'x'],
    ...['see_also', 'cve', 'cwe', 'xref', 'cvss_base_score', 'cvss3_base_score', 'cvss3_vector', 'risk_factor'],
    ...['exploit_available', 'cm:compliance-check-name', 'cm:compliance-check-id'],
  ];
  const KEYS = ['name', 'port', 'svc_name', 'protocol', 'severity', 'pluginID', 'pluginName', 'pluginFamily'];
  const tree = xmlOf(NAMES, KEYS, word);
  const item = fc.array(tree, { maxLength: 4 }).map((inside) => nessusItem(inside.join('')));
  const host = fc
    .tuple(fc.array(fc.oneof(item, tree), { maxLength: 3 }), tree, word)
    .map(([items, properties, name]) => nessusHost(items.join(''), properties, name.replace(/[<&"\p{Cc}]/gu, '')));

  it('of the elements Nessus has, in any order, end in a value that is the same for pieces of any size', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(host, tree), { maxLength: 3 }), pieceSizes(50), (hosts, sizes) => {
        const document = nessusDocument(hosts.join('\n'));
        const whole = parseNessus(document);
        expectWhole(whole);
        expect(parseNessus(document, { sizes })).toEqual(whole);
      }),
      { numRuns: 10_000 },
    );
  });
});

describe('input without end', () => {
  const MEGABYTES = 96;
  const ROOT = '<NessusClientData_v2><Report>';
  const HOST = `${ROOT}<ReportHost name="a"><HostProperties>`;
  const ITEM = `${ROOT}<ReportHost name="a"><ReportItem port="0" pluginID="1">`;

  // biome-ignore format: a table reads by column
  it.each([
    ['hosts',           ROOT,                             nessusHost(nessusItem())],
    ['items',           `${ROOT}<ReportHost name="a">`,   nessusItem('<cve>CVE-2026-0001</cve>')],
    ['properties',      HOST,                             '<tag name="host-ip">192.0.2.7</tag>'],
    ['a property',      `${HOST}<tag name="host-ip">`,    '<![CDATA[192.0.2.7]]>'],
    ['elements',        ITEM,                             '<cve>CVE-2026-0001</cve>'],
    ['an element',      `${ITEM}<plugin_output>`,         '<![CDATA[some output]]>'],
    ['unknown ones',    ITEM,                             '<x>some text</x>'],
    ['depth',           ROOT,                             '<x>'],
    ['a value',         '<NessusClientData_v2 a="',       'y'.repeat(500)],
    ['text',            ROOT,                             'y'.repeat(500)],
  ])('of %s takes bounded memory', (_, start, repeated) => {
    const parser = nessusParser({ finding: () => undefined, host: () => undefined }, { detectedAt: DETECTED_AT });
    const megabytes = growthOf(parser, start, repeated, MEGABYTES);
    expect(parser.end().partial).not.toBe(false);
    expect(megabytes).toBeLessThan(250);
  });
});
