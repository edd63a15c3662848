import { describe, expect, it } from 'vitest';
import { named } from '#test/support/nmap.ts';
import { nucleiRecord, parseNuclei, statsLine } from '#test/support/nuclei.ts';
import { DETECTED_AT } from '#test/support/parsing.ts';

const lines = (...records: readonly unknown[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('');
const one = (more: Record<string, unknown>) => {
  const { findings } = parseNuclei(lines(nucleiRecord(more)));
  expect(findings).toHaveLength(1);
  return findings[0];
};
const info = (more: Record<string, unknown>) => ({ info: { name: 'Exposed panel', severity: 'medium', ...more } });

describe('nuclei', () => {
  it('gives a finding with all that its record says', () => {
    const record = nucleiRecord({
      info: {
        name: 'Panel',
        severity: 'high',
        description: ' An admin panel.\n',
        remediation: 'Close it.',
        reference: ['https://docs.example/1', 'https://docs.example/2'],
        tags: ['panel', 'exposure'],
        classification: {
          'cve-id': ['cve-2021-0001'],
          'cwe-id': ['cwe-79', 'cwe-89'],
          'cvss-metrics': 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N',
          'cvss-score': 5.3,
        },
      },
      'matcher-name': 'title',
      'extracted-results': ['v1.2', 'admin'],
      request: 'GET / HTTP/1.1',
    });
    const { findings, summary } = parseNuclei(lines(record));
    expect(findings).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{64}$/),
        scanner: 'nuclei',
        rule: 'exposed-panel:title',
        title: 'Panel: title',
        severity: 'high',
        location: {
          host: 'app.example',
          ip: '192.0.2.7',
          port: 443,
          protocol: 'tcp',
          url: 'https://app.example/panel',
        },
        description: 'An admin panel.',
        evidence: 'v1.2\nadmin',
        remediation: 'Close it.',
        references: ['https://docs.example/1', 'https://docs.example/2'],
        cve: ['CVE-2021-0001'],
        cwe: ['CWE-79', 'CWE-89'],
        cvss: { version: '3.1', vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N', score: 5.3 },
        tags: ['panel', 'exposure'],
        detectedAt: '2026-11-20T10:00:00.123Z',
        raw: {
          template: 'exposed-panel',
          type: 'http',
          host: 'https://app.example',
          matchedAt: 'https://app.example/panel',
        },
      },
    ]);
    expect(summary).toMatchObject({ records: 1, findings: 1, bySeverity: { high: 1 }, partial: false });
  });

  it('reads the names that version 2.3 gave the fields as it reads those of today', () => {
    const old = {
      templateID: 'exposed-panel',
      info: {
        name: 'Exposed panel',
        severity: 'medium',
        tags: 'panel, exposure',
        reference: '- https://a.example\n- https://b.example\n',
      },
      type: 'http',
      host: 'https://app.example',
      matched: 'https://app.example/panel',
      matcher_name: 'title',
      extracted_results: ['v1.2'],
      ip: '192.0.2.7',
    };
    const today = nucleiRecord({
      info: {
        name: 'Exposed panel',
        severity: 'medium',
        tags: ['panel', 'exposure'],
        reference: ['https://a.example', 'https://b.example'],
      },
      'matcher-name': 'title',
      'extracted-results': ['v1.2'],
      timestamp: undefined,
    });
    expect(parseNuclei(lines(old)).findings).toEqual(parseNuclei(lines(today)).findings);
    expect(parseNuclei(lines(old)).findings[0]).toMatchObject({ tags: ['panel', 'exposure'], detectedAt: DETECTED_AT });
  });

  it.each([
    ['null', null],
    ['an empty list', []],
    ['a number', 7],
    ['a list of other things', [null, 7, {}]],
    ['an object', { a: 1 }],
  ])('takes %s for no references, tags, numbers and results', (_, value) => {
    const more = { reference: value, tags: value, classification: { 'cve-id': value, 'cwe-id': value } };
    const finding = one({ ...info(more), 'extracted-results': value });
    expect(finding).toMatchObject({ rule: 'exposed-panel' });
    for (const key of ['references', 'tags', 'cve', 'cwe', 'evidence'] as const) expect(finding?.[key]).toBeUndefined();
  });

  // biome-ignore format: a table reads by column
  it.each([
    ['critical', undefined, 'critical'],
    ['HIGH',     undefined, 'high'],
    ['medium',   9.8,       'medium'],
    ['low',      undefined, 'low'],
    ['info',     undefined, 'info'],
    ['unknown',  9.8,       'critical'],
    ['unknown',  0,         'info'],
    ['unknown',  undefined, 'low'],
    ['odd',      undefined, 'low'],
    [undefined,  undefined, 'low'],
  ])('a template of severity %s and CVSS %s is %s', (severity, score, expected) => {
    expect(one(info({ severity, classification: { 'cvss-score': score } }))?.severity).toBe(expected);
  });

  it('knows the CVE of a template that is named by it', () => {
    expect(one({ 'template-id': 'CVE-2018-15473' })?.cve).toEqual(['CVE-2018-15473']);
  });

  it.each([
    ['a score above 10', { 'cvss-score': 11 }, undefined],
    ['a score written as text', { 'cvss-score': '7.5' }, { score: 7.5 }],
    ['a vector of an unknown version', { 'cvss-score': 7.5, 'cvss-metrics': 'CVSS:9.9/AV:N' }, { score: 7.5 }],
  ])('reads %s for what it is', (_, classification, cvss) => {
    expect(one(info({ classification }))?.cvss).toEqual(cvss);
  });

  // biome-ignore format: a table reads by column
  it.each([
    ['a URL',                     { host: 'https://app.example:8443/x', 'matched-at': 'https://app.example:8443/x/y' }, { host: 'app.example', ip: '192.0.2.7', port: 8443, protocol: 'tcp', url: 'https://app.example:8443/x/y' }],
    ['a host and port',           { host: 'app.example', 'matched-at': 'app.example:22', type: 'network' },             { host: 'app.example', ip: '192.0.2.7', port: 22, protocol: 'tcp' }],
    ['an IPv6 address and port',  { host: '[2001:db8::1]:22', 'matched-at': '[2001:db8::1]:22', ip: '2001:db8::1' },    { host: '2001:db8::1', ip: '2001:db8::1', port: 22, protocol: 'tcp' }],
    ['a name, of a DNS template', { host: 'app.example', 'matched-at': 'app.example', type: 'dns', ip: undefined },     { host: 'app.example' }],
    ['a port of its own',         { host: 'app.example', 'matched-at': 'https://app.example/', port: '8443' },          { host: 'app.example', ip: '192.0.2.7', port: 8443, protocol: 'tcp', url: 'https://app.example/' }],
    ['no host',                   { host: undefined, 'matched-at': 'http://app_1/x', ip: 'not an address' },            { host: 'app_1', port: 80, protocol: 'tcp', url: 'http://app_1/x' }],
    ['a URL with a slash too many', { host: undefined, 'matched-at': undefined, url: '/http://app_1/', ip: undefined }, { host: 'app_1', port: 80, protocol: 'tcp' }],
    ['nothing at all',            { host: undefined, 'matched-at': undefined, ip: undefined },                          { host: 'unknown' }],
    ['a port beyond all',         { host: 'app.example', 'matched-at': 'app.example:99999' },                           { host: 'app.example', ip: '192.0.2.7' }],
  ])('places a finding by %s', (_, more, location) => {
    expect(one(more)?.location).toEqual(location);
  });

  it('names the target of the run where a record names no host', () => {
    const record = lines(nucleiRecord({ host: undefined, 'matched-at': undefined, type: 'dns' }));
    const { findings } = parseNuclei(record, { targets: [named('https://app.example/x', '192.0.2.7')] });
    expect(findings[0]?.location.host).toBe('app.example');
  });

  it('gives the same weakness at the same place the same id, whatever else changed', () => {
    const [first, second, third] = ['2aXQGnEOdMKxXRSd4G4h6hmGpCU', '2bYRHoFPeNLyYSTe5H5i7inHqDV', 'login'].map((path) =>
      one({ 'matched-at': `https://app.example/${path}?x=1`, timestamp: path, ip: undefined }),
    );
    expect(first?.id).toBe(second?.id);
    expect(first?.id).not.toBe(third?.id);
  });

  it('tells matchers of one template apart', () => {
    expect(one({ 'matcher-name': 'a' })?.id).not.toBe(one({ 'matcher-name': 'b' })?.id);
  });

  it('counts a record that says that nothing was found, and makes no finding of it', () => {
    const { findings, summary } = parseNuclei(lines(nucleiRecord({ 'matcher-status': false })));
    expect(findings).toEqual([]);
    expect(summary).toMatchObject({ records: 1, findings: 0, partial: false });
  });

  it('cuts texts that are too long', () => {
    const long = 'x'.repeat(100_000);
    const finding = one({ ...info({ name: long, description: long }), 'extracted-results': Array(50).fill(long) });
    expect(finding?.title).toHaveLength(200);
    expect(finding?.description).toHaveLength(8_192);
    expect(finding?.evidence).toHaveLength(65_536);
  });

  it('delivers what stands around a line that cannot be read, and names its place', () => {
    const good = lines(nucleiRecord());
    const { summary } = parseNuclei(`${good}{"template-id":\n${good}`);
    expect(summary).toMatchObject({
      records: 2,
      partial: { reason: 'a record that is not JSON', byteOffset: Buffer.byteLength(good) },
    });
  });

  it.each([
    ['a page of HTML', '<!DOCTYPE html>\n<html>', 'a record that is not JSON'],
    ['JSON of something else', '{"error":"API is not available"}', 'a record without a template'],
    ['an array of numbers', '[1,2]', 'an array with something else in it, or after it, than objects'],
  ])('takes %s for no output of its own, with one reason', (_, input, reason) => {
    const { findings, summary } = parseNuclei(input);
    expect(findings).toEqual([]);
    expect(summary.partial).toMatchObject({ reason: `not nuclei's JSON: ${reason}` });
  });

  it('keeps the last statistics and the endpoints given up, from what it wrote to stderr', () => {
    const stderr = [
      '[INF] Templates loaded for current scan: 3\n',
      statsLine(0, 0),
      '{"not":"counters"}\n{broken\n',
      statsLine(5, 10, 2),
      '[INF] Skipped app.example:443 from target list as found unresponsive 30 times\n',
      '[INF] Skipped app.example:443 from target list as found unresponsive permanently: cause="x"\n',
      statsLine(10, 10, 3).trimEnd(),
    ].join('');
    const details = { requests: 10, total: 10, errors: 3, skipped: 'app.example:443' };
    expect(parseNuclei('', { stderr }).summary).toMatchObject({ records: 0, partial: false, details });
    expect(parseNuclei('', { stderr, sizes: [7] }).summary.details).toEqual(details);
  });

  it('says so when there were no statistics', () => {
    expect(parseNuclei('').summary.details).toEqual({ requests: -1, total: -1, errors: -1, skipped: '' });
  });
});
