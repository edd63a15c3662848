import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { gobusterCorpora, parseGobuster } from '#test/support/gobuster.ts';
import { named } from '#test/support/nmap.ts';
import { DETECTED_AT } from '#test/support/parsing.ts';

const SITE = { targets: [named('http://app.example:8080/shop', '192.0.2.7')] };
const PLACE = { host: 'app.example', ip: '192.0.2.7', port: 8080, protocol: 'tcp' };

describe('gobuster', () => {
  it('gives a finding for a path, at its place under the target', () => {
    const { findings, summary } = parseGobuster(
      '/admin                (Status: 301) [Size: 169] [--> /shop/admin/]\n',
      SITE,
    );
    expect(findings).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{64}$/),
        scanner: 'gobuster',
        rule: 'found-path',
        title: 'Path /admin (301)',
        severity: 'info',
        location: { ...PLACE, url: 'http://app.example:8080/shop/admin' },
        evidence: 'Status 301, 169 bytes, leads to /shop/admin/',
        detectedAt: DETECTED_AT,
        raw: { kind: 'path', path: '/admin', status: 301, bytes: 169, redirect: '/shop/admin/' },
      },
    ]);
    expect(summary).toMatchObject({ records: 1, findings: 1, bySeverity: { info: 1 }, partial: false });
  });

  // biome-ignore format: a table reads by column
  it.each([
    ['a path of 3.8, without padding',    '/robots.txt (Status: 200) [Size: 49]',                 'found-path',         { ...PLACE, url: 'http://app.example:8080/shop/robots.txt' }],
    ['a path without a slash or a size',  'robots.txt           (Status: 200)',                   'found-path',         { ...PLACE, url: 'http://app.example:8080/shop/robots.txt' }],
    ['a whole URL',                       'http://app.example:8080/shop/x (Status: 403) [Size: 7]', 'found-path',       { ...PLACE, url: 'http://app.example:8080/shop/x' }],
    ['a virtual host',                    'Found: dev.app.example Status: 403 [Size: 2]',         'found-virtual-host', { ...PLACE, host: 'dev.app.example', url: 'http://dev.app.example:8080/' }],
    ['a virtual host of 3.0',             'Found: dev.app.example (Status: 403) [Size: 2]',       'found-virtual-host', { ...PLACE, host: 'dev.app.example', url: 'http://dev.app.example:8080/' }],
    ['a name',                            'Found: dev.app.example',                               'found-name',         { host: 'dev.app.example' }],
    ['a name with its addresses',         'Found: dev.app.example [192.0.2.8,2001:db8::1]',       'found-name',         { host: 'dev.app.example', ip: '192.0.2.8' }],
    ['a line with escape codes',          '\r\u001b[2K/admin (Status: 200) [Size: 1]\r',          'found-path',         { ...PLACE, url: 'http://app.example:8080/shop/admin' }],
  ])('reads %s', (_, line, rule, location) => {
    const { findings, summary } = parseGobuster(`${line}\n`, SITE);
    expect(findings).toMatchObject([{ rule }]);
    expect(findings[0]?.location).toEqual(location);
    expect(summary.partial).toBe(false);
  });

  it('gives one id to one place, whatever it answers, and tells places apart', () => {
    const idsOf = (input: string) => parseGobuster(input, SITE).findings.map(({ id }) => id);
    const [before] = idsOf('/a (Status: 200) [Size: 1]\n');
    const [after, other] = idsOf('/a (Status: 500) [Size: 9]\n/b (Status: 200)\n');
    expect(after).toBe(before);
    expect(other).not.toBe(before);
  });

  it('passes over the frame that stdout has around the results', () => {
    const frame = [
      '===============================================================',
      'Gobuster v3.5',
      'by OJ Reeves (@TheColonial) & Christian Mehlmauer (@firefart)',
      '[+] Url:                     http://127.0.0.1:18999/',
      '2026/11/21 14:04:44 Starting gobuster in directory enumeration mode',
      '/admin                (Status: 301) [Size: 0] [--> /admin/]',
      '2026/11/21 14:04:45 Finished',
    ].join('\n');
    expect(parseGobuster(frame).summary).toMatchObject({ records: 1, partial: false });
  });

  it('delivers what stands around a line it does not know, and names its place', () => {
    const { findings, summary } = parseGobuster('/a (Status: 200)\nwhat is this\n/b (Status: 200)\n/c (Sta', SITE);
    expect(findings).toHaveLength(2);
    expect(summary.partial).toEqual({ reason: 'a line that is no result', byteOffset: 17 });
  });

  it.each([
    ['Found: dev.app.example', 0],
    ['Found: dev.app.example [192.0.2.8]', 1],
    ['/admin (Status: 200)', 1],
  ])('takes a last line without its end, %s, for %i results', (line, records) => {
    expect(parseGobuster(`/a (Status: 200)\n${line}`).summary.records).toBe(1 + records);
    expect(parseGobuster(`/a (Status: 200)\n${line}`).summary.partial === false).toBe(records === 1);
  });

  it('takes a page of HTML for no output of its own, with one reason', () => {
    const { findings, summary } = parseGobuster('<!DOCTYPE html>\n<html>\n');
    expect(findings).toEqual([]);
    expect(summary.partial).toEqual({ reason: "not gobuster's output: a line that is no result", byteOffset: 0 });
  });

  it('counts the requests that failed, and keeps what the first said', () => {
    const stderr =
      '\r\u001b[2KProgress: 12\r\u001b[2KProgress: 99' +
      '\r\u001b[2K[ERROR] 2026/11/21 14:04:47 [!] Get "http://127.0.0.1/w102": EOF\n' +
      '[ERROR] 2026/11/21 14:04:47 [!] Get "http://127.0.0.1/w103": connection refused\n';
    const details = { errors: 2, firstError: 'Get "http://127.0.0.1/w102": EOF', unresolved: false };
    expect(parseGobuster('', { stderr }).summary).toMatchObject({ records: 0, partial: false, details });
    expect(parseGobuster('', { stderr, sizes: [5] }).summary.details).toEqual(details);
  });
});

const corpora = gobusterCorpora();

describe.skipIf(corpora.length === 0)(
  'the gobuster files of the corpora (skipped where ../shared/corpora is absent)',
  () => {
    it('are all there', () => expect(corpora).toHaveLength(1));

    it.each(corpora)('$name: results, statuses and redirects as counted by others', ({ path, oracle }) => {
      const { findings, summary } = parseGobuster(readFileSync(path));
      expect(summary).toMatchObject({ records: oracle.results, findings: oracle.results, partial: false });
      const texts = findings.map(({ evidence = '' }) => evidence);
      for (const [status, count] of Object.entries(oracle.status))
        expect(texts.filter((text) => text.startsWith(`Status ${status},`))).toHaveLength(count);
      expect(texts.filter((text) => text.includes('leads to'))).toHaveLength(oracle.redirects);
      expect(new Set(findings.map(({ id }) => id)).size).toBe(findings.length);
    });
  },
);
