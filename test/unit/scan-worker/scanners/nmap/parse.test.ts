import { describe, expect, it } from 'vitest';
import { MAX_HOST_BYTES } from '#containers/scan-worker/scanners/nmap/parse.ts';
import { named, nmapDocument, nmapFixture, parseNmap } from '#test/support/nmap.ts';
import { DETECTED_AT } from '#test/support/parsing.ts';

const host = (inside: string, attributes = 'endtime="1795257738"') =>
  `<host ${attributes}><status state="up" reason="echo-reply"/><address addr="192.0.2.1" addrtype="ipv4"/>${inside}</host>`;
const port = (number: number | string, state: string, inside = '', reason = 'syn-ack') =>
  `<port protocol="tcp" portid="${number}"><state state="${state}" reason="${reason}"/>${inside}</port>`;
const findingsOf = (inside: string) => parseNmap(nmapDocument(host(inside))).findings;

describe('an open port', () => {
  it('becomes one finding with all that nmap knows of it', () => {
    const service =
      '<service name="http" product="nginx" version="1.22.1" extrainfo="Debian" tunnel="ssl" method="probed" conf="10"><cpe>cpe:/a:nginx:nginx:1.22.1</cpe><cpe>cpe:/o:linux</cpe></service>';
    expect(findingsOf(`<ports>${port(443, 'open', service)}</ports>`)).toEqual([
      {
        // printf 'nmap\0open-port\000192.0.2.1\000443\0tcp\0\0' | sha256sum
        id: '53e049a0d0d9e5fcd58d530cdf0524d212a389dc80d2cf9e3b9efd7cfc2c4e39',
        scanner: 'nmap',
        rule: 'open-port',
        title: 'Open port 443/tcp (ssl/http)',
        severity: 'info',
        location: { host: '192.0.2.1', ip: '192.0.2.1', port: 443, protocol: 'tcp' },
        evidence: 'nginx 1.22.1 (Debian) cpe:/a:nginx:nginx:1.22.1 cpe:/o:linux',
        detectedAt: '2026-11-21T10:42:18.000Z',
        raw: {
          state: 'open',
          reason: 'syn-ack',
          service: {
            name: 'http',
            tunnel: 'ssl',
            product: 'nginx',
            version: '1.22.1',
            extrainfo: 'Debian',
            method: 'probed',
          },
          cpe: ['cpe:/a:nginx:nginx:1.22.1', 'cpe:/o:linux'],
        },
      },
    ]);
  });

  it('needs no service', () => {
    const [finding] = findingsOf(`<ports>${port(9, 'open')}</ports>`);
    expect(finding?.title).toBe('Open port 9/tcp');
    expect(finding?.evidence).toBeUndefined();
  });

  it.each(['closed', 'filtered', 'open|filtered', 'unfiltered', 'closed|filtered', ''])(
    'is not one that is %j',
    (state) => {
      const { findings, summary } = parseNmap(nmapDocument(host(`<ports>${port(80, state)}</ports>`)));
      expect(findings).toEqual([]);
      expect(summary.openPorts).toBe(0);
    },
  );

  it.each(['65536', '-1', '', '0x50', '1e2', '99999999999'])('has no number such as %j', (number) => {
    const { findings, summary } = parseNmap(nmapDocument(host(`<ports>${port(number, 'open')}</ports>`)));
    expect(findings).toEqual([]);
    expect(summary.partial).toMatchObject({ reason: `a port numbered ${JSON.stringify(number)}` });
  });
});

describe('a script', () => {
  const output =
    'output="VULNERABLE:&#xa;  A &lt;bug&gt;&#xa;    State: VULNERABLE&#xa;    IDs: CVE:CVE-2020-1234  CVSSv3: 9.8"';

  it('of a port becomes a finding at that port, open or not', () => {
    const [finding, ...others] = findingsOf(
      `<ports>${port(80, 'closed', `<script id="http-bug" ${output}/>`)}</ports>`,
    );
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      rule: 'http-bug',
      title: 'http-bug: A <bug>',
      severity: 'critical',
      location: { host: '192.0.2.1', ip: '192.0.2.1', port: 80, protocol: 'tcp' },
      evidence: 'VULNERABLE:\n  A <bug>\n    State: VULNERABLE\n    IDs: CVE:CVE-2020-1234  CVSSv3: 9.8',
      cve: ['CVE-2020-1234'],
      cvss: { version: '3.0', score: 9.8 },
      raw: { script: 'http-bug' },
    });
  });

  it('of a host becomes a finding without a port', () => {
    const [finding] = findingsOf(`<hostscript><script id="smb-os" output="Windows"/></hostscript>`);
    expect(finding?.location).toEqual({ host: '192.0.2.1', ip: '192.0.2.1' });
    expect(finding).toMatchObject({ title: 'smb-os: Windows', severity: 'info', evidence: 'Windows' });
  });

  it('that belongs to no host, or gave nothing, becomes none', () => {
    const script = '<script id="x" output="result"/>';
    const silent = '<script id="x" output=""/><script id="y" output="ERROR: failed"/><script output="nameless"/>';
    const xml = nmapDocument(
      `<prescript>${script}</prescript>${host(`<hostscript>${silent}</hostscript>`)}<postscript>${script}</postscript>`,
    );
    expect(parseNmap(xml).findings).toEqual([]);
  });

  it('keeps its output as data, long output cut', () => {
    const [finding] = findingsOf(
      `<hostscript><script id="x" output="&#x1b;[31m&#x202e;${'y'.repeat(70_000)}"/></hostscript>`,
    );
    expect(finding?.evidence?.slice(0, 8)).toBe('\u001b[31m\u202eyy');
    expect(finding?.evidence).toHaveLength(65_536 + '… (cut)'.length);
    expect(finding?.title.length).toBeLessThanOrEqual(200);
  });
});

describe('a host', () => {
  it('is what the targets call its address, each of them', () => {
    const targets = [
      named('a.example', '192.0.2.1'),
      named('https://b.example:8443/x', '192.0.2.1'),
      named('http://b.example/', '192.0.2.1'),
      named('c.example', '192.0.2.2'),
    ];
    const { findings } = parseNmap(nmapDocument(host(`<ports>${port(80, 'open')}</ports>`)), { targets });
    expect(findings.map(({ location }) => location)).toEqual([
      { host: 'a.example', ip: '192.0.2.1', port: 80, protocol: 'tcp' },
      { host: 'b.example', ip: '192.0.2.1', port: 80, protocol: 'tcp' },
    ]);
    expect(new Set(findings.map(({ id }) => id)).size).toBe(2);
  });

  it('is known by its IPv6 address in every spelling', () => {
    const xml = nmapDocument(host(`<ports>${port(80, 'open')}</ports>`).replace('192.0.2.1', '2001:db8::1'));
    const { findings } = parseNmap(xml, { targets: [named('https://[2001:DB8:0::1]/', '2001:DB8:0::1')] });
    expect(findings[0]?.location).toMatchObject({ host: '2001:db8::1', ip: '2001:db8::1' });
  });

  it('without targets is what the user called it, else its address; a name found by looking it up is no name for it', () => {
    const names = '<hostnames><hostname name="ptr.example" type="PTR"/>USER</hostnames>';
    const open = `<ports>${port(80, 'open')}</ports>`;
    const user = '<hostname name="asked.example" type="user"/>';
    expect(findingsOf(names.replace('USER', user) + open)[0]?.location.host).toBe('asked.example');
    expect(findingsOf(names.replace('USER', '') + open)[0]?.location.host).toBe('192.0.2.1');
  });

  it('has its IP address, not its MAC address, whichever comes first', () => {
    const mac = '<address addr="00:11:22:33:44:55" addrtype="mac"/>';
    expect(parseNmap(nmapDocument(host(mac))).hosts[0]?.address).toBe('192.0.2.1');
    expect(parseNmap(nmapDocument(`<host>${mac}<status state="up" reason="arp-response"/></host>`)).hosts[0]).toEqual({
      address: '00:11:22:33:44:55',
      names: [],
      state: 'reached',
      reason: 'arp-response',
    });
  });

  it('keeps the same fingerprint between runs', () => {
    const xml = nmapDocument(host(`<ports>${port(80, 'open')}</ports>`));
    const later = xml.replace('endtime="1795257738"', 'endtime="1800000000"').replace('"syn-ack"', '"other"');
    expect(parseNmap(later).findings[0]?.id).toBe(parseNmap(xml).findings[0]?.id);
  });

  it.each(['', 'endtime="x"', 'endtime="-1"', 'endtime="1e99"'])(
    'with times %j was detected when it was read',
    (times) => {
      const { findings } = parseNmap(nmapDocument(host(`<ports>${port(80, 'open')}</ports>`, times)));
      expect(findings[0]?.detectedAt).toBe(DETECTED_AT);
    },
  );

  it('is counted once it was read to its end', () => {
    const xml = nmapDocument(`${host('')}${host(`<ports>${port(80, 'open')}</ports>`)}`, 2);
    const cut = parseNmap(xml.slice(0, xml.lastIndexOf('</host>')));
    expect(cut.summary).toMatchObject({ records: 1, hosts: 1, openPorts: 0, findings: 0 });
    expect(cut.summary.partial).toMatchObject({ reason: 'cut off inside <host>' });
    expect(parseNmap(xml).summary).toMatchObject({ records: 2, hosts: 2, hostsUp: 2, openPorts: 1, partial: false });
  });

  it('inside a host, or longer than any is, ends the reading', () => {
    expect(parseNmap(nmapDocument(host(host('')))).summary.partial).toMatchObject({ reason: 'a host inside a host' });
    const filler = `<ports>${port(80, 'closed')}${'<!-- -->'.repeat(MAX_HOST_BYTES / 8)}${port(80, 'open')}</ports>`;
    const { summary } = parseNmap(nmapDocument(host('') + host(filler)));
    expect(summary).toMatchObject({ hosts: 1, partial: { reason: `a host that takes over ${MAX_HOST_BYTES} bytes` } });
  });
});

// biome-ignore format: a table reads by column
const STATES: [what: string, xml: string, state: string, reason: string][] = [
  ['answered the liveness check',             '<host><status state="up" reason="echo-reply"/>',                                                              'reached',   'echo-reply'],
  ['is down',                                 '<host><status state="down" reason="no-response"/>',                                                           'down',      'no-response'],
  ['is unknown',                              '<host><status state="unknown" reason=""/>',                                                                   'down',      'unknown'],
  ['ran into its time limit',                 '<host timedout="true"><status state="up" reason="user-set"/>',                                                'timed_out', 'host timeout'],
  ['was not asked, has an open port',         `<host><status state="up" reason="user-set"/><ports>${port(1, 'filtered', '', 'no-response')}${port(2, 'open')}</ports>`, 'reached', 'syn-ack'],
  ['was not asked, has a closed port',        `<host><status state="up" reason="user-set"/><ports>${port(1, 'closed', '', 'conn-refused')}</ports>`,         'reached',   'conn-refused'],
  ['was not asked, has closed extraports',    '<host><status state="up" reason="user-set"/><ports><extraports state="closed" count="9"><extrareasons reason="reset" count="9"/></extraports></ports>', 'reached', 'reset'],
  ['was not asked, in the words of nmap 4',   '<host><status state="up" reason="user-set"/><ports><extraports state="closed" count="9"/></ports>',           'reached',   'answered'],
  ['was not asked, and all is filtered',      '<host><status state="up" reason="user-set"/><ports><extraports state="filtered" count="9"><extrareasons reason="no-response" count="9"/></extraports></ports>', 'down', 'no-response'],
  ['was not asked, and a firewall says no',   `<host><status state="up" reason="user-set"/><ports>${port(1, 'filtered', '', 'admin-prohibited')}</ports>`,   'down',      'admin-prohibited'],
  ['was not asked, and UDP may be open',      `<host><status state="up" reason="user-set"/><ports>${port(1, 'open|filtered', '', 'no-response')}</ports>`,   'down',      'no-response'],
  ['was not asked, and nothing is said',      '<host><status state="up" reason="user-set"/>',                                                                'down',      'no-response'],
];

describe('the state of a host', () => {
  it.each(STATES)('that %s', (_, xml, state, reason) => {
    const address =
      '<address addr="192.0.2.1" addrtype="ipv4"/><hostnames><hostname name="a.example" type="user"/></hostnames></host>';
    expect(parseNmap(nmapDocument(xml + address)).hosts).toEqual([
      { address: '192.0.2.1', names: ['a.example'], state, reason },
    ]);
  });

  it('is not taken from a hint', () => {
    const hint = '<hosthint><status state="up" reason="arp"/><address addr="192.0.2.9" addrtype="ipv4"/></hosthint>';
    expect(parseNmap(nmapDocument(hint)).hosts).toEqual([]);
  });
});

describe('a file that is no XML of nmap', () => {
  it.each([
    ['nothing', '', "not nmap's XML: the document is empty", 0],
    [
      'an HTML page',
      '<!DOCTYPE html>\n<html><body>502</body></html>',
      "not nmap's XML: the document element is <html>",
      16,
    ],
    [
      'Nessus',
      '<?xml version="1.0"?>\n<NessusClientData_v2>',
      "not nmap's XML: the document element is <NessusClientData_v2>",
      22,
    ],
    ['text', 'Starting Nmap 7.93\n', "not nmap's XML: text outside of the document element", 0],
    ['JSON', '{"a":1}', "not nmap's XML: text outside of the document element", 0],
    ['an ELF binary', '\u007fELF\u0002\u0001\u0001\0\0\0', "not nmap's XML: text outside of the document element", 0],
    ['a declaration alone', '<?xml version="1.0"?>\n', "not nmap's XML: cut off before the first element", 22],
  ])('as %s gives one clear reason and no findings', (_, content, reason, byteOffset) => {
    const { summary, findings, hosts } = parseNmap(content);
    expect(summary).toMatchObject({ records: 0, findings: 0, partial: { reason, byteOffset } });
    expect([...findings, ...hosts]).toEqual([]);
  });

  it.each([
    ['an entity of its own', '<!DOCTYPE nmaprun [<!ENTITY x "y">]><nmaprun/>'],
    ['many entities', '<!DOCTYPE nmaprun [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><nmaprun>&b;</nmaprun>'],
    ['a DTD on this machine', '<!DOCTYPE nmaprun SYSTEM "file:///etc/passwd"><nmaprun/>'],
    ['a DTD somewhere', '<!DOCTYPE nmaprun PUBLIC "-//x//y//EN" "http://192.0.2.1/x.dtd"><nmaprun/>'],
  ])('but names %s is refused', (_, content) => {
    expect(parseNmap(content).summary.partial).toEqual({
      reason: "not nmap's XML: a document type with a DTD, which is refused",
      byteOffset: 0,
    });
  });

  it('is not one that names the DTD of nmap 6 and asks nobody for it', () => {
    const doctype =
      '<!DOCTYPE nmaprun PUBLIC "-//IDN nmap.org//DTD Nmap XML 1.04//EN" "https://svn.nmap.org/nmap/docs/nmap.dtd">';
    expect(parseNmap(nmapDocument(host('')).replace('<!DOCTYPE nmaprun>', doctype)).summary).toMatchObject({
      hosts: 1,
      partial: false,
    });
  });
});

describe('a run of nmap 7.93 on loopback', () => {
  it('with service detection and scripts', () => {
    const { findings, hosts, summary } = parseNmap(nmapFixture('service-and-scripts'));
    expect(hosts).toEqual([{ address: '127.0.0.1', names: [], state: 'reached', reason: 'conn-refused' }]);
    expect(summary).toMatchObject({ hosts: 1, hostsUp: 1, openPorts: 1, partial: false });
    expect(summary.details).toEqual({
      exit: 'success',
      errorMessage: '',
      total: 1,
      technique: 'connect',
      version: '7.93',
    });
    expect(findings.map(({ rule, location }) => [rule, location.port])).toEqual([
      ['open-port', 18080],
      ['fingerprint-strings', 18080],
      ['unusual-port', undefined],
      ['port-states', undefined],
      ['fcrdns', undefined],
    ]);
  });

  it.each([
    ['ipv6', { hosts: 1, openPorts: 1, partial: false }, ['::1', 'reached']],
    ['range-member', { hosts: 1, openPorts: 1, partial: false }, ['127.0.0.1', 'reached']],
    ['timed-out', { hosts: 1, openPorts: 0, partial: false }, ['127.0.0.1', 'timed_out']],
    ['nothing-scanned', { hosts: 0, partial: false }, []],
    ['refused', { hosts: 0, partial: false }, []],
    ['terminated', { hosts: 0, partial: { reason: 'cut off inside <nmaprun>', byteOffset: 884 } }, []],
  ])('%s', (name, summary, seen) => {
    const parsed = parseNmap(nmapFixture(name));
    expect(parsed.summary).toMatchObject(summary);
    expect(parsed.hosts.flatMap(({ address, state }) => [address, state])).toEqual(seen);
  });
});
