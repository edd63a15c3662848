import { describe, expect, it } from 'vitest';
import { parseTarget, TargetError } from '#shared/target/parse.ts';

const messageOf = (text: string): string => {
  try {
    parseTarget(text);
  } catch (error) {
    if (error instanceof TargetError) return error.message;
    throw error;
  }
  throw new Error(`${JSON.stringify(text)} was accepted`);
};

describe('parseTarget accepts', () => {
  it('an upload by its id', () => {
    const uploadId = '019a0000-0000-7000-8000-00000000abcd';
    const text = `upload:${uploadId}`;
    expect(parseTarget(text)).toEqual({ kind: 'upload', text, host: uploadId, count: 1 });
  });

  // biome-ignore format: a table reads by column
  const NAMES: [written: string, canonical: string][] = [
    ['www.example.com',           'www.example.com'],
    ['WWW.Example.COM',           'www.example.com'],
    ['www.example.com.',          'www.example.com'],
    ['localhost',                 'localhost'],
    ['db_1.internal',             'db_1.internal'],
    ['_dmarc.example.com',        '_dmarc.example.com'],
    ['3com.com',                  '3com.com'],
    ['1.2.3.4.example.com',       '1.2.3.4.example.com'],
    ['xn--bcher-kva.example',     'xn--bcher-kva.example'],
    ['bücher.example',            'xn--bcher-kva.example'],
    ['BÜCHER.example',            'xn--bcher-kva.example'],
    ['bu\u0308cher.example',      'xn--bcher-kva.example'],
    ['faß.example',               'xn--fa-hia.example'],
    ['例え.テスト',                 'xn--r8jz45g.xn--zckzah'],
    ['яндекс.рф',                 'xn--d1acpjx3f.xn--p1ai'],
    [`${'a'.repeat(63)}.example`, `${'a'.repeat(63)}.example`],
  ];
  it.each(NAMES)('the name %s as %s', (written, canonical) => {
    expect(parseTarget(written)).toEqual({ kind: 'host', text: canonical, host: canonical, count: 1 });
  });

  // biome-ignore format: a table reads by column
  const ADDRESSES: [written: string, canonical: string][] = [
    ['192.0.2.1',                 '192.0.2.1'],
    ['0.0.0.0',                   '0.0.0.0'],
    ['255.255.255.255',           '255.255.255.255'],
    ['192.0.2.7/32',              '192.0.2.7'],
    ['2001:DB8:0:0:1:0:0:1',      '2001:db8::1:0:0:1'],
    ['2001:0db8::0001',           '2001:db8::1'],
    ['1:0:2:3:4:5:6:7',           '1:0:2:3:4:5:6:7'],
    ['1:0:0:2:0:0:0:3',           '1:0:0:2::3'],
    ['::',                        '::'],
    ['::1/128',                   '::1'],
    ['::1.2.3.4',                 '::102:304'],
    ['::ffff:1.2.3.4',            '::ffff:102:304'],
    ['64:ff9b::192.0.2.1',        '64:ff9b::c000:201'],
  ];
  it.each(ADDRESSES)('the address %s as %s', (written, canonical) => {
    expect(parseTarget(written)).toEqual({ kind: 'address', text: canonical, host: canonical, count: 1 });
  });

  // biome-ignore format: a table reads by column
  const CIDRS: [written: string, canonical: string, first: string, count: number][] = [
    ['203.0.113.0/28',            '203.0.113.0/28',   '203.0.113.0', 16],
    ['192.0.2.0/31',              '192.0.2.0/31',     '192.0.2.0',   2],
    ['10.1.0.0/16',               '10.1.0.0/16',      '10.1.0.0',    65_536],
    ['2001:DB8::/112',            '2001:db8::/112',   '2001:db8::',  65_536],
    ['2001:db8::4/127',           '2001:db8::4/127',  '2001:db8::4', 2],
  ];
  it.each(CIDRS)('the CIDR %s', (written, text, host, count) => {
    expect(parseTarget(written)).toEqual({ kind: 'cidr', text, host, count });
  });

  // biome-ignore format: a table reads by column
  const URLS: [written: string, canonical: string, host: string][] = [
    ['https://app.example',             'https://app.example/',                 'app.example'],
    ['HTTP://App.Example:80/A/../b',    'http://app.example/b',                 'app.example'],
    ['https://app.example.:8443/?q=1',  'https://app.example:8443/?q=1',        'app.example'],
    ['https://app.example?q',           'https://app.example/?q',               'app.example'],
    ['https://192.0.2.1/',              'https://192.0.2.1/',                   '192.0.2.1'],
    ['http://[2001:DB8::1]:8080/x',     'http://[2001:db8::1]:8080/x',          '2001:db8::1'],
    ['http://faß.example/ü',            'http://xn--fa-hia.example/%C3%BC',     'xn--fa-hia.example'],
    ['http://app.example/@me',          'http://app.example/@me',               'app.example'],
  ];
  it.each(URLS)('the URL %s as %s', (written, text, host) => {
    expect(parseTarget(written)).toEqual({ kind: 'url', text, host, count: 1 });
  });
});

describe('parseTarget refuses', () => {
  // biome-ignore format: a table reads by column
  const REFUSED: [fault: RegExp, spellings: string[]][] = [
    [/is empty/,             ['']],
    [/at most 2048/,         ['a'.repeat(2_049), `http://app.example/${'x'.repeat(2_048)}`]],
    [/too long when encoded/, [`http://app.example/${'ü'.repeat(1_000)}`]],
    [/begins with a hyphen/, ['-', '-oX', '--script=x', '-1.2.3.4', '-http://app.example/']],
    [/space, control or invisible/, [
      ' ', ' app.example', 'app.example ', 'app example', 'app.example\n', 'a\nb', 'a\r\nb', 'a\tb', 'a\0b', '\x1b[31mapp.example', 'a\x7fb', 'a\u0085b',
      'app\u00a0.example', 'app\u2003.example', 'app\u3000.example', 'app\u2028.example', 'app\u2029.example', '\ufeffapp.example',
      'app\u200b.example', 'app\u200c.example', 'app\u200d.example', 'app\u2060.example', 'app\u00ad.example', 'app\u034f.example', 'app\ufe0f.example', 'app\u3164.example',
      'app\u202e.example', 'app\u202a.example', 'app\u2066.example', 'app\u200e.example', 'app\u061c.example', 'app\ue000.example', 'app\ud800.example', 'app\u{e0041}.example',
      'http://app.example/a b', 'http://app.example/\n', 'http://app.example/\u202e', '10.0.0.0/2\n4',
    ]],
    [/octal, hexadecimal, integer, short/, [
      '127.1', '127.0.1', '0', '1', '2130706433', '0x7f000001', '0x7f.1', '0x7f.0.0.1', '0X7F.0.0.0x1', '017700000001', '0177.0.0.1', '127.0.0.01', '127.0.0.001', '010.0.0.1',
      '256.0.0.1', '1.2.3.256', '1.2.3.4.5', '1.2.3.4.', '127.1.', '1.2.3.08', '1.2.3.0x4', 'app.4', 'app.0x', '0x', '4294967296', '99999999999999999999', '1..2.3', '.1.2.3',
      'http://0x7f.1/', 'http://2130706433/', 'http://127.1:80/', 'http://0177.0.0.1/', 'http://127.0.0.1./', 'http://127.0.0.01/', 'https://0/',
    ]],
    [/stand for others|full-width|octal/, ['１27.0.0.1', '１２７.０.０.１', 'ⓛocalhost', 'ｌocalhost', 'ﬁre.example', '①.example', '𝐥ocalhost', 'http://１27.0.0.1/', '²³.example', 'localhost．', '127｡0｡0｡1']],
    [/characters that no host name has/, ['a..b', '.example', '..', '127。0。0。1', 'a!b', 'a$(id)', 'a;b', 'a|b', 'a&b', 'a`id`', "a'b", 'a"b', 'a<b', 'a=b', 'a~b', '☃.example', '💩.example', 'a^b', 'a+b', '@app.example']],
    [/mixes scripts/,        ['аpple.example', 'gооgle.example', 'pаypal.example', 'αpple.example', 'яндекс-test.example', 'http://аpple.example/']],
    [/longer than 63|hyphen/, [`${'a'.repeat(64)}.example`, 'a.-b', 'a-.example', 'xn--.example']],
    [/longer than 253/,      [Array.from({ length: 64 }, () => 'abc').join('.')]],
    [/names a port/,         ['app.example:443', '192.0.2.1:80', 'app.example:']],
    [/not an IPv6 address/,  [':::', '1::2::3', '12345::', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '::1.2.3.04', '::ffff:0x7f.1', '::g', 'http:app.example', 'mailto:a:b']],
    [/zone id or a percent/, ['fe80::1%eth0', 'fe80::1%25eth0', 'a%2eb', '%31%32%37.0.0.1', 'http://%31.0.0.1/', 'http://a%00b/']],
    [/brackets/,             ['[::1]', '[2001:db8::1]:80', '[app.example]']],
    [/wildcard or a list/,   ['10.0.0.*', '*.example.com', '*', '10.0.0.1,2', '10.0.0.{1,2}', 'app.example,other.example', '10.0.0.?']],
    [/is a range/,           ['10.0.0.1-20', '10.0.0.1-10.0.0.20', '10.0.0-1.1', '10.0.0.0-255', '1-2']],
    [/inside a network/,     ['10.0.0.1/24', '10.0.0.255/31', '2001:db8::1/64']],
    [/too large/,            ['10.0.0.0/15', '0.0.0.0/0', '2001:db8::/111', '::/0']],
    [/bad prefix length/,    ['10.0.0.0/', '10.0.0.0/33', '10.0.0.0/024', '10.0.0.0/-1', '10.0.0.0/255.0.0.0', '10.0.0.0/1e1', '2001:db8::/129', '10.0.0.0/0x18', '10.0.0.0/99']],
    [/neither a CIDR nor a URL/, ['app.example/24', 'app.example/path', '10.0.0.0/24/24', '10.0/16', '0x0a.0.0.0/24', '/etc/passwd', '//app.example']],
    [/not an http\(s\) URL/, ['ftp://app.example', 'file:///etc/passwd', 'javascript://app.example/', 'gopher://app.example', '://app.example', 'httpx://app.example', 'app.example/?u=http://other.example']],
    [/credentials/,          ['https://user:word@app.example/', 'https://user@app.example/', 'https://@app.example/', 'http://app.example\\@other.example']],
    [/fragment/,             ['https://app.example/#', 'https://app.example/a#b', 'http://app.example#@other.example/']],
    [/backslash/,            ['http://app.example\\other.example', 'https://app.example/a\\b']],
    [/no host, or a bad host or port/, ['http://', 'https:///path', 'http://?q', 'http://:80/', 'http://app.example:0/', 'http://app.example:/', 'http://app.example:80:80/', 'http://[127.0.0.1]/', 'http://[app.example]/', 'http://[::1/', 'http://[::1]x/', 'http://app.example:8o/']],
    [/not a valid URL/,      ['http://app.example:65536/', 'http://app.example:99999/']],
  ];
  it.each(
    REFUSED.flatMap(([fault, spellings]) =>
      spellings.map((text): [string, RegExp, string] => [JSON.stringify(text).slice(0, 60), fault, text]),
    ),
  )('%s, which %s', (_, fault, text) => expect(messageOf(text)).toMatch(fault));
});

describe('a refusal', () => {
  it('says what is allowed', () => {
    expect(messageOf('10.0.0.1/24')).toBe(
      'is "10.0.0.1/24", which is an address inside a network; allowed: the network, 10.0.0.0/24, or the address, 10.0.0.1',
    );
    expect(messageOf('10.0.0.1-20')).toBe('is "10.0.0.1-20", which is a range; allowed: a CIDR, as in 192.0.2.0/28');
  });

  it('spells out what could rewrite a terminal, and cuts what is long', () => {
    expect(messageOf('a\x1b[2J\u202eb')).toContain('"a\\u{1b}[2J\\u{202e}b"');
    expect(messageOf(`-${'x'.repeat(500)}`)).toContain(`"-${'x'.repeat(79)}…"`);
  });

  it('does not repeat a password', () => {
    expect(messageOf('https://user:hunter2@app.example/')).not.toContain('hunter2');
  });
});
