import { describe, expect, it } from 'vitest';
import { nessusDocument, nessusHost, nessusItem, parseNessus } from '#test/support/nessus.ts';
import { DETECTED_AT } from '#test/support/parsing.ts';

/** The findings of a host with these items. */
const findingsOf = (items: string, properties?: string, name?: string) =>
  parseNessus(nessusDocument(nessusHost(items, properties, name))).findings;
/** The one finding of an item. */
const findingOf = (elements: string, attributes: Readonly<Record<string, string | number>> = {}) =>
  findingsOf(nessusItem(elements, attributes))[0];

describe('an item', () => {
  it('is a finding with everything that Nessus says of it', () => {
    const elements = `
      <bid>12345</bid><cpe>cpe:/a:php:php</cpe>
      <cve>CVE-2016-2183</cve><cve>cve-2016-6329</cve>
      <cvss_base_score>6.4</cvss_base_score><cvss_vector>CVSS2#AV:N/AC:L/Au:N/C:P/I:P/A:N</cvss_vector>
      <cvss3_base_score>6.5</cvss3_base_score><cvss3_vector>CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:L/A:N</cvss3_vector>
      <cwe>327</cwe>
      <description>The certificate cannot be trusted:
&lt;reasons&gt;.</description>
      <exploit_available>true</exploit_available><in_the_news>false</in_the_news>
      <plugin_output>
Subject : CN=app.example &amp; friends
</plugin_output>
      <risk_factor>Medium</risk_factor>
      <see_also>https://docs.example/one
https://docs.example/two</see_also><see_also>https://docs.example/three</see_also>
      <solution>Buy or generate a proper certificate.</solution>
      <synopsis>The certificate cannot be trusted.</synopsis>
      <vpr_score>5.2</vpr_score>
      <xref>CWE:326</xref><xref>CWE:327</xref><xref>IAVA:2016-A-0001</xref>`;
    expect(findingOf(elements)).toEqual({
      // printf 'nessus\00051192\000192.0.2.7\000443\000tcp\000\000' | sha256sum
      id: '7d2a9541cc3473527f7b70ff1a8c739e44a0b1323bc9cd59c3c3155a63222035',
      scanner: 'nessus',
      rule: '51192',
      title: 'SSL Certificate Cannot Be Trusted',
      severity: 'medium',
      location: { host: '192.0.2.7', ip: '192.0.2.7', port: 443, protocol: 'tcp' },
      description: 'The certificate cannot be trusted:\n<reasons>.',
      evidence: 'Subject : CN=app.example & friends',
      remediation: 'Buy or generate a proper certificate.',
      references: [
        'https://docs.example/one',
        'https://docs.example/two',
        'https://docs.example/three',
        'IAVA:2016-A-0001',
      ],
      cve: ['CVE-2016-2183', 'CVE-2016-6329'],
      cwe: ['CWE-327', 'CWE-326'],
      cvss: { version: '3.1', vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:L/A:N', score: 6.5 },
      tags: ['General', 'exploit-available'],
      detectedAt: '2026-11-20T10:00:00.000Z',
      raw: {
        svc_name: 'www',
        severity: '2',
        synopsis: 'The certificate cannot be trusted.',
        risk_factor: 'Medium',
        cvss_vector: 'CVSS2#AV:N/AC:L/Au:N/C:P/I:P/A:N',
        cvss3_vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:L/A:N',
        vpr_score: '5.2',
        cpe: 'cpe:/a:php:php',
        bid: '12345',
      },
    });
  });

  it('of which Nessus says little is a finding without the rest', () => {
    const finding = findingOf('<solution>n/a</solution><synopsis>What it is.</synopsis>', { port: 0, severity: 0 });
    expect(JSON.parse(JSON.stringify(finding))).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{64}$/),
      scanner: 'nessus',
      rule: '51192',
      title: 'SSL Certificate Cannot Be Trusted',
      severity: 'info',
      location: { host: '192.0.2.7', ip: '192.0.2.7', protocol: 'tcp' },
      description: 'What it is.',
      tags: ['General'],
      detectedAt: '2026-11-20T10:00:00.000Z',
      raw: { svc_name: 'www', severity: '0', synopsis: 'What it is.' },
    });
  });

  // biome-ignore format: a table reads by column
  it.each([
    ['0', '',                                    'info'],
    ['1', '',                                    'low'],
    ['2', '',                                    'medium'],
    ['3', '',                                    'high'],
    ['4', '',                                    'critical'],
    ['0', '<risk_factor>Critical</risk_factor>', 'info'],
    ['5', '',                                    'low'],
    ['',  '',                                    'low'],
    ['',  '<risk_factor>None</risk_factor>',     'info'],
    ['x', '<risk_factor>High</risk_factor>',     'high'],
    ['x', '<risk_factor>worse</risk_factor>',    'low'],
  ])('of severity %j, with %j, is %s', (severity, elements, expected) => {
    expect(findingOf(elements, { severity })?.severity).toBe(expected);
  });

  // biome-ignore format: a table reads by column
  it.each([
    ['<cvss_base_score>10.0</cvss_base_score>',                                                         { version: '2.0', score: 10 }],
    ['<cvss_base_score>4.3</cvss_base_score><cvss_vector>AV:N/AC:M/Au:N/C:P/I:N/A:N</cvss_vector>',     { version: '2.0', vector: 'AV:N/AC:M/Au:N/C:P/I:N/A:N', score: 4.3 }],
    ['<cvss_base_score>4.3</cvss_base_score><cvss_vector>CVSS2#AV:N/AC:M/Au:N</cvss_vector>',           { version: '2.0', vector: 'AV:N/AC:M/Au:N', score: 4.3 }],
    ['<cvss3_base_score>8.8</cvss3_base_score><cvss3_vector>AV:N/AC:L</cvss3_vector>',                  { version: '3.0', vector: 'AV:N/AC:L', score: 8.8 }],
    ['<cvss3_base_score>8.8</cvss3_base_score><cvss3_vector>CVSS:3.0/AV:N</cvss3_vector>',              { version: '3.0', vector: 'CVSS:3.0/AV:N', score: 8.8 }],
    ['<cvss_base_score>5</cvss_base_score><cvss3_base_score>8.8</cvss3_base_score><cvss4_base_score>9.3</cvss4_base_score><cvss4_vector>CVSS:4.0/AV:N/AC:L</cvss4_vector>',
                                                                                                         { version: '4.0', vector: 'CVSS:4.0/AV:N/AC:L', score: 9.3 }],
    ['<cvss>2.6</cvss><cvssv3>3.1</cvssv3>',                                                            { version: '3.0', score: 3.1 }],
    ['<cvss>2.6</cvss><cvssv3></cvssv3>',                                                               { version: '2.0', score: 2.6 }],
    ['<cvss3_base_score>11</cvss3_base_score>',                                                         undefined],
    ['<cvss3_base_score>high</cvss3_base_score><cvss_vector>AV:N</cvss_vector>',                        undefined],
    ['<cvss3_base_score>7.5</cvss3_base_score><cvss3_vector>&lt;script&gt;</cvss3_vector>',             { version: '3.0', score: 7.5 }],
  ])('with %s has the CVSS %j', (elements, cvss) => {
    expect(findingOf(elements)?.cvss).toEqual(cvss);
  });

  // biome-ignore format: a table reads by column
  it.each([
    ['a plugin with a name',  { },                                                             'SSL Certificate Cannot Be Trusted'],
    ['a port that is open',   { pluginID: 0, pluginName: '', port: 22, svc_name: 'ssh' },      'Open port 22/tcp (ssh)'],
    ['a host that answers',   { pluginID: 0, pluginName: '', port: 0, protocol: 'icmp' },      'Host answers over icmp'],
    ['a plugin without',      { pluginID: 7, pluginName: '' },                                 'Plugin 7'],
    ['a name beyond reason',  { pluginName: 'x'.repeat(1_000) },                               'x'.repeat(200)],
  ])('of %s is titled after it', (_, attributes, title) => {
    expect(findingOf('', attributes)?.title).toBe(title);
  });

  it('of a check of compliance is one of many rules of its plugin', () => {
    const check = (id: string, name: string) =>
      nessusItem(
        `<cm:compliance-check-id>${id}</cm:compliance-check-id><cm:compliance-check-name>${name}</cm:compliance-check-name>`,
        { pluginID: 21157, port: 0 },
      );
    const [one, other] = findingsOf(check('aa01', '1.1 Passwords') + check('bb02', '1.2 Logs'));
    expect([one?.rule, one?.title, other?.rule]).toEqual(['21157:aa01', '1.1 Passwords', '21157:bb02']);
    expect(one?.id).not.toBe(other?.id);
  });

  it('cuts texts that no finding needs whole', () => {
    const finding = findingOf(`<plugin_output>${'x'.repeat(70_000)}</plugin_output>`);
    expect(finding?.evidence).toBe(`${'x'.repeat(65_536)}… (cut)`);
  });

  it('may hold its text in CDATA sections and between comments', () => {
    expect(findingOf('<plugin_output>a <![CDATA[<b>]]><!-- c --> d</plugin_output>')?.evidence).toBe('a <b> d');
  });
});

describe('fingerprints', () => {
  const one = nessusItem('<plugin_output>at 10:00</plugin_output>');
  const other = nessusItem('', { pluginID: 10180, port: 0 });

  it('are the same whatever the time, the order and the text', () => {
    const before = findingsOf(one + other);
    const after = findingsOf(
      other + nessusItem('<plugin_output>at 11:00</plugin_output>', { pluginName: 'Renamed', severity: 4 }),
      '<tag name="HOST_END">Sat Nov 21 11:00:00 2026</tag>',
    );
    expect(after.map(({ id }) => id)).toEqual(before.map(({ id }) => id).reverse());
    expect(after[0]?.detectedAt).not.toBe(before[0]?.detectedAt);
  });

  // biome-ignore format: a table reads by column
  it.each([
    ['plugin',   { pluginID: 1 }],
    ['port',     { port: 8443 }],
    ['protocol', { protocol: 'udp' }],
  ])('differ by %s', (_, attributes) => {
    expect(findingOf('', attributes)?.id).not.toBe(findingOf('')?.id);
  });
});

describe('a host', () => {
  const ITEM = nessusItem();
  const hostsOf = (properties: string, items = ITEM, name?: string) =>
    parseNessus(nessusDocument(nessusHost(items, properties, name))).hosts;

  it('that was scanned to its end was reached', () => {
    const properties =
      '<tag name="host-ip">192.0.2.9</tag><tag name="host-fqdn">db.example</tag><tag name="HOST_END">Fri Nov 20 10:00:00 2026</tag>';
    expect(hostsOf(properties, ITEM, 'db')).toEqual([
      { address: '192.0.2.9', names: ['db', 'db.example'], state: 'reached' },
    ]);
  });

  it('without an end was not scanned to it', () => {
    expect(hostsOf('<tag name="HOST_START">Fri Nov 20 10:00:00 2026</tag>')).toEqual([
      { address: '192.0.2.7', names: ['192.0.2.7'], state: 'timed_out', reason: 'its scan did not come to an end' },
    ]);
  });

  it('that the ping plugin calls dead is down', () => {
    const ping = nessusItem(
      '<plugin_output>The remote host (192.0.2.7) is considered as dead - not scanning</plugin_output>',
      { pluginID: 10180, port: 0, severity: 0 },
    );
    const { hosts, summary } = parseNessus(nessusDocument(nessusHost(ping) + nessusHost(ITEM)));
    expect(hosts.map(({ state }) => state)).toEqual(['down', 'reached']);
    expect(summary).toMatchObject({ hosts: 2, hostsUp: 1 });
  });

  // biome-ignore format: a table reads by column
  it.each([
    ['its end',                  '<tag name="HOST_START">Fri Nov 20 09:00:00 2026</tag><tag name="HOST_END">Fri Nov  6 10:00:00 2026</tag>', '2026-11-06T10:00:00.000Z'],
    ['its end in seconds',       '<tag name="HOST_END">Fri Nov 20 10:00:00 2026</tag><tag name="HOST_END_TIMESTAMP">1795171200</tag>',      '2026-11-20T10:40:00.000Z'],
    ['its end in another form',  '<tag name="HOST_END">2021-03-12T14:35:34.341269+00:00</tag>',                                             '2021-03-12T14:35:34.341Z'],
    ['its start',                '<tag name="HOST_START">Fri Nov 20 09:00:00 2026</tag>',                                                   '2026-11-20T09:00:00.000Z'],
    ['nothing of it',            '<tag name="HOST_END">soon</tag><tag name="HOST_START_TIMESTAMP">99999999999999</tag>',                    DETECTED_AT],
  ])('that says %s gives its findings that time', (_, properties, detectedAt) => {
    expect(findingsOf(ITEM, properties)[0]?.detectedAt).toBe(detectedAt);
  });

  it('of a scan of a web application is known by its URL', () => {
    const [finding] = findingsOf(ITEM, '', 'http://app.example/shop');
    expect(finding?.location).toMatchObject({ host: 'app.example', url: 'http://app.example/shop', port: 443 });
    expect(finding?.location).not.toHaveProperty('ip');
  });

  it('is called what the targets call its address, by each of their names', () => {
    const { findings } = parseNessus(nessusDocument(nessusHost(ITEM)), {
      targets: ['app.example', 'shop.example'].map((host) => ({ target: host, host, address: '192.0.2.7' })),
    });
    expect(findings.map(({ location }) => location.host)).toEqual(['app.example', 'shop.example']);
  });
});

describe('a file', () => {
  it('without hosts is whole and has nothing', () => {
    const { summary } = parseNessus(nessusDocument(''));
    expect(summary).toMatchObject({ records: 0, hosts: 0, hostsUp: 0, findings: 0, partial: false });
  });

  it('that is cut gives its whole items, and only the hosts that it holds to their end', () => {
    const document = nessusDocument(nessusHost(nessusItem()) + nessusHost(nessusItem() + nessusItem('<cve>')));
    const { summary, hosts } = parseNessus(document.slice(0, document.lastIndexOf('<cve>') + 5));
    expect(hosts).toHaveLength(1);
    expect(summary).toMatchObject({ records: 2, hosts: 1, partial: { reason: 'cut off inside <cve>' } });
  });

  // biome-ignore format: a table reads by column
  it.each([
    ['of version 1',        '<?xml version="1.0"?><NessusClientData><Report/></NessusClientData>', 'version 1 of the format, which is not supported: let Nessus export it anew'],
    ['of something else',   '<nmaprun></nmaprun>',                                'the document element is <nmaprun>'],
    ['that is a web page',  '<!DOCTYPE html><html><body>502</body></html>',       'the document element is <html>'],
    ['that is an old web page', '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd"><html/>', 'a document type with a DTD, which is refused'],
    ['that is JSON',        '{"error":"API is not available"}',                   'text outside of the document element'],
    ['that is empty',       '',                                                   'the document is empty'],
    ['with an entity',      '<!DOCTYPE x [<!ENTITY a "b">]><NessusClientData_v2/>', 'a document type with a DTD, which is refused'],
    ['with a DTD',          '<!DOCTYPE x SYSTEM "file:///etc/passwd"><NessusClientData_v2/>', 'a document type with a DTD, which is refused'],
  ])('%s is refused for one clear reason', (_, document, reason) => {
    const { summary, findings, hosts } = parseNessus(document);
    expect([findings, hosts]).toEqual([[], []]);
    expect(summary.partial).toMatchObject({ reason: `not a .nessus file: ${reason}` });
  });

  // biome-ignore format: a table reads by column
  it.each([
    ['a port that is none',             nessusHost(nessusItem('', { port: 65_536 })),                 'the port 65536'],
    ['a port in words',                 nessusHost(nessusItem('', { port: 'general/tcp' })),          'a port that is no number: "general/tcp"'],
    ['a plugin in words',               nessusHost(nessusItem('', { pluginID: 'x' })),                'a pluginID that is no number: "x"'],
    ['an item outside of all hosts',    nessusItem(),                                                 'an item that belongs to no host'],
    ['an item inside an item',          nessusHost(nessusItem(nessusItem())),                         'an item that belongs to no host'],
    ['a host inside a host',            nessusHost(nessusHost('')),                                   'a host inside a host'],
    ['an item beyond reason',           nessusHost(nessusItem(`<cve>${'x'.repeat(1_000_000)}</cve>`.repeat(18))), 'an item that takes over 16777216 bytes'],
    ['text beyond reason',              nessusHost(nessusItem(`<cve>${'<![CDATA[xxxx]]>'.repeat(1_100_000)}</cve>`)), 'an item that takes over 16777216 bytes'],
  ])('with %s is read up to there', (_, hosts, reason) => {
    const { summary } = parseNessus(nessusDocument(nessusHost(nessusItem()) + hosts));
    expect(summary).toMatchObject({ records: 1, hosts: 1, partial: { reason } });
  });

  it('with more hosts than a job can have is read up to there', () => {
    const { summary } = parseNessus(nessusDocument('<ReportHost name="a"></ReportHost>'.repeat(65_537)));
    expect(summary).toMatchObject({ hosts: 65_536, partial: { reason: 'more than 65536 hosts' } });
  });
});
