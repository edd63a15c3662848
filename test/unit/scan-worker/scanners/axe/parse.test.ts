import { describe, expect, it } from 'vitest';
import { axeNode, axeResult, axeRule, endLine, pageLine, parseAxe } from '#test/support/axe.ts';
import { named } from '#test/support/nmap.ts';
import { DETECTED_AT } from '#test/support/parsing.ts';

const URL = 'https://app.example/shop';
const ofOne = (result: Readonly<Record<string, unknown>>) => parseAxe(JSON.stringify(axeResult(result)));
const onlyFinding = (result: Readonly<Record<string, unknown>>) => {
  const { findings } = ofOne(result);
  expect(findings).toHaveLength(1);
  return findings[0];
};

describe('a finding', () => {
  it('is one place that breaks a rule', () => {
    expect(onlyFinding({})).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{64}$/),
      scanner: 'axe',
      rule: 'color-contrast',
      title: 'Elements must meet minimum color contrast ratio thresholds',
      severity: 'medium',
      location: { host: 'app.example', port: 443, protocol: 'tcp', url: URL, selector: 'main > p' },
      description: 'Ensure the contrast is sufficient',
      evidence: '<p>pale</p>',
      remediation: 'Fix any of the following:\n  Element has insufficient color contrast',
      references: ['https://dequeuniversity.com/rules/axe/4.13/color-contrast'],
      tags: ['cat.color', 'wcag2aa', 'WCAG 1.4.3'],
      detectedAt: '2026-11-20T10:00:00.000Z',
      raw: { rule: 'color-contrast', impact: 'serious' },
    });
  });

  it.each([
    ['critical', 'high'],
    ['serious', 'medium'],
    ['moderate', 'low'],
    ['minor', 'low'],
    [null, 'low'],
    ['constructor', 'low'],
  ])('of impact %s is %s', (impact, severity) => {
    expect(onlyFinding({ violations: [axeRule({ impact, nodes: [axeNode({ impact })] })] })).toMatchObject({
      severity,
    });
  });

  it("has its place's impact before its rule's", () => {
    const rule = (own: unknown) => [axeRule({ impact: 'critical', nodes: [axeNode({ impact: own })] })];
    expect(onlyFinding({ violations: rule('minor') })).toMatchObject({ severity: 'low' });
    expect(onlyFinding({ violations: rule(undefined) })).toMatchObject({ severity: 'high' });
  });

  it.each([
    ['in the page', ['#a'], '#a'],
    ['in a frame', ['#frame', '#a'], '#frame >> #a'],
    ['in a shadow root', [['#host', '#a']], '#host >>> #a'],
    ['in a shadow root in a frame', ['#frame', ['#host', '#a']], '#frame >> #host >>> #a'],
    ['nowhere', [], undefined],
  ])('%s has one selector', (_, target, selector) => {
    const finding = onlyFinding({ violations: [axeRule({ nodes: [axeNode({ target })] })] });
    expect(finding?.location.selector).toBe(selector);
  });

  it.each([
    ['wcag143', 'WCAG 1.4.3'],
    ['wcag1410', 'WCAG 1.4.10'],
    ['wcag2aa', 'wcag2aa'],
    ['best-practice', 'best-practice'],
  ])('tagged %s says %s', (tag, said) => {
    expect(onlyFinding({ violations: [axeRule({ tags: [tag] })] })?.tags).toEqual([said]);
  });

  it('is known again: by rule, page and place, and by nothing else', () => {
    const idOf = (result: Readonly<Record<string, unknown>>) => onlyFinding(result)?.id;
    const node = (more: Readonly<Record<string, unknown>>) => ({ violations: [axeRule({ nodes: [axeNode(more)] })] });
    const same = [
      idOf({}),
      idOf({ timestamp: '2026-11-21T10:00:00.000Z' }),
      idOf(node({ html: '<p>paler</p>', failureSummary: 'x', impact: 'minor' })),
    ];
    expect(new Set(same).size).toBe(1);
    const others = [
      ...same,
      idOf({ url: 'https://app.example/cart' }),
      idOf(node({ target: ['aside > p'] })),
      idOf({ violations: [axeRule({ id: 'image-alt' })] }),
    ];
    expect(new Set(others).size).toBe(4);
  });

  it('says the address its own target was asked at', () => {
    const targets = [named(URL, '192.0.2.7')];
    const { findings } = parseAxe(JSON.stringify(axeResult()), { targets });
    expect(findings[0]?.location).toMatchObject({ host: 'app.example', ip: '192.0.2.7' });
    expect(ofOne({ url: 'http://[::1]:8080/' }).findings[0]?.location).toMatchObject({
      host: '::1',
      ip: '::1',
      port: 8080,
    });
  });

  it('has bounds', () => {
    const long = 'y'.repeat(10_000);
    const finding = onlyFinding({
      violations: [axeRule({ help: long, nodes: [axeNode({ html: long, target: [long], failureSummary: long })] })],
    });
    expect(finding?.title).toHaveLength(200);
    expect(finding?.evidence).toHaveLength(2_048);
    expect(finding?.remediation).toHaveLength(2_048);
    expect(finding?.location.selector).toHaveLength(1_024);
  });

  it('was detected when the file does not say, now', () => {
    expect(onlyFinding({ timestamp: 'yesterday' })?.detectedAt).toBe(DETECTED_AT);
  });
});

describe('a file', () => {
  it('of one result, of lines, of an array reads alike, in any layout', () => {
    const result = axeResult();
    const texts = [
      JSON.stringify(result),
      JSON.stringify(result, null, 2),
      JSON.stringify([result]),
      JSON.stringify([result], null, 4),
      `\n${JSON.stringify(result)}\n`,
    ];
    for (const text of texts) expect(parseAxe(text)).toEqual(parseAxe(texts[0] ?? ''));
    expect(parseAxe(`${texts[0]}\n${texts[0]}`).summary).toMatchObject({ records: 2, findings: 2, partial: false });
  });

  it('counts rules as records, and places as findings', () => {
    const violations = [axeRule({ nodes: [axeNode(), axeNode({ target: ['a'] })] }), axeRule({ id: 'b', nodes: [] })];
    expect(ofOne({ violations }).summary).toMatchObject({
      records: 2,
      findings: 2,
      bySeverity: { critical: 0, high: 0, medium: 2, low: 0, info: 0 },
    });
  });

  it('of others has no findings for what axe-core could not decide', () => {
    expect(ofOne({ violations: [], incomplete: [axeRule()] }).findings).toEqual([]);
  });

  it.each([
    ['HTML', '<html>', 'something else than an object'],
    ['nuclei', '{"template-id":"x"}', "a record that is no result of axe's"],
    ['numbers', '[1]', 'an array with something else in it, or after it, than objects'],
  ])('of %s gives no findings and one reason', (_, text, reason) => {
    const { findings, summary } = parseAxe(text);
    expect(findings).toEqual([]);
    expect(summary.partial).toEqual({ reason: `not axe's JSON: ${reason}`, byteOffset: expect.any(Number) });
  });
});

describe("the runner's lines", () => {
  const LINES = [
    pageLine(
      { url: URL, result: 'tested' },
      { ...axeResult({ url: `${URL}/` }), undecided: 2, omitted: 1, blocked: 3 },
    ),
    pageLine({ url: `${URL}?a`, result: 'status', detail: '404' }),
    pageLine({ url: `${URL}?b`, result: 'timeout' }),
    pageLine({ url: `${URL}?c`, result: 'unreachable', detail: 'ERR_CONNECTION_REFUSED' }),
  ];

  it('tell of each page, and that nothing is missing', () => {
    const { findings, hosts, summary } = parseAxe([...LINES, endLine(4)].join(''));
    expect(findings.map(({ location }) => location.url)).toEqual([`${URL}/`]);
    expect(hosts.map(({ state, page }) => [state, page])).toEqual([
      ['reached', { url: URL, result: 'tested' }],
      ['reached', { url: `${URL}?a`, result: 'status', detail: '404' }],
      ['timed_out', { url: `${URL}?b`, result: 'timeout' }],
      ['down', { url: `${URL}?c`, result: 'unreachable', detail: 'ERR_CONNECTION_REFUSED' }],
    ]);
    expect(summary).toMatchObject({
      partial: false,
      details: { ended: true, unvisited: 4, undecided: 2, omitted: 1, blocked: 3 },
    });
  });

  it('cut between two lines lack the last word', () => {
    expect(parseAxe(LINES.join('')).summary).toMatchObject({ partial: false, details: { ended: false } });
  });

  it('hold what axe-core could not decide, where that was asked for, as findings of another name', () => {
    const page = pageLine({ url: URL, result: 'tested' }, axeResult({ incomplete: [axeRule()] }));
    const [sure, unsure] = parseAxe(page).findings;
    expect(unsure).toMatchObject({
      rule: 'color-contrast:review',
      severity: 'info',
      title: 'To be looked at: Elements must meet minimum color contrast ratio thresholds',
    });
    expect(unsure?.id).not.toBe(sure?.id);
  });
});
