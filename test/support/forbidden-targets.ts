/**
 * Spellings of targets that must not be scanned under the default policy, by what refuses them and how it says so: 400 for what is not one
 * unmistakable address or name, 403 for what the policy keeps closed. And beside them such as may be scanned, with their canonical form.
 */

export interface Refused {
  readonly status: 400 | 403;
  /** Part of the message. */
  readonly says: string;
  readonly spellings: readonly string[];
}

// biome-ignore format: a table reads by line
export const REFUSED: readonly Refused[] = [
  { status: 400, says: 'begins with a hyphen', spellings: [
    '-127.0.0.1',
  ] },
  { status: 400, says: 'has a bad prefix length', spellings: [
    '127.0.0.1/', '127.0.0.1/33', '127.0.0.0/255.0.0.0',
  ] },
  { status: 400, says: 'has a fragment', spellings: [
    'http://127.0.0.1#x', 'http://127.0.0.1/#x', 'http://app.example#@127.0.0.1/',
  ] },
  { status: 400, says: 'has a zone id or a percent sign', spellings: [
    '%31%32%37.0.0.1', 'http://%31%32%37.0.0.1/', '::1%lo', 'http://[::1%25lo]/', 'fe80::1%eth0', 'fe80::1%25eth0', 'http://[fe80::1%25eth0]/',
    '127.0.0.1%00', '127.0.0.1%0a', '127.0.0.1%2e', 'http://[::1%25]/', 'http://127.0.0.1%23.example/', 'http://%6c%6f%63%61%6c%68%6f%73%74/',
    'http://loc%61lhost/', 'http://localhost%00.example/', '169.254.169.254%eth0', 'fd00:ec2::254%eth0', 'ff02::1%eth0', 'fe80::1%1', 'fe80::1%',
    '::ffff:127.0.0.1%lo', '::%31', 'fd00::1%eth0',
  ] },
  { status: 400, says: 'has an empty label or characters that no host name has', spellings: [
    '127。0。0。1', 'http://127。0。0。1/', '169。254。169。254', '127.0.0.1..', '127.0.0.1#', '.localhost', 'localhost..', '10.0.0.1;x',
  ] },
  { status: 400, says: 'has no host, or a bad host or port', spellings: [
    'http://127.0.0.1:0/', 'http://127.0.0.1:/', 'http://[::1', 'http://::1/', 'http://[::1]x/', 'http://[[::1]]/', 'http:///127.0.0.1/',
    'http:////127.0.0.1/',
  ] },
  { status: 400, says: 'holds a backslash', spellings: [
    'http://app.example\\.127.0.0.1/', 'https://127.0.0.1\\',
  ] },
  { status: 400, says: 'holds a space, control or invisible character', spellings: [
    '127.0.0.1\u200b', '\u200e127.0.0.1', '127\u00ad.0.0.1', ' 127.0.0.1', '127.0.0.1\u000a', 'loc\u00adalhost', 'local\u200bhost',
    'http://127.0.0.1\u0009/', '127.0.0.1\u0000', '\ufeff127.0.0.1', '127.0.0.1\u2028', 'local host', '::1 ',
  ] },
  { status: 400, says: 'holds characters that stand for others, such as full-width letters', spellings: [
    '127．0．0．1', '127｡0｡0｡1', '①②⑦.⓪.⓪.①', '¹²⁷.⁰.⁰.¹', 'ⓛocalhost', 'ｌｏｃａｌｈｏｓｔ', '𝐥ocalhost', 'localhoﬆ', '127․0․0․1', '127﹒0﹒0﹒1',
    'http://ⓛocalhost/',
  ] },
  { status: 400, says: 'is a URL that holds credentials', spellings: [
    'http://user@127.0.0.1/', 'http://app.example@127.0.0.1/', 'http://app.example\\@127.0.0.1/', 'http://user:pw@localhost/',
    'http://user:pw@[::1]/', 'http://127.0.0.1:80@app.example/', 'http://app.example:80:80@127.0.0.1/', 'http://127.0.0.1%2f@app.example/',
    'http://169.254.169.254.nip.io@169.254.169.254/',
  ] },
  { status: 400, says: 'is a range', spellings: [
    '127.0.0.1-5', '10.0.0.0-10.0.0.255', '10.0.0.1-254',
  ] },
  { status: 400, says: 'is a wildcard or a list', spellings: [
    '127.0.0.*', '127.0.0.1,2', '127.0.0.1?', '10.0.0.*', '10.0.0.1,10.0.0.2',
  ] },
  { status: 400, says: 'is an address inside a network', spellings: [
    '127.0.0.1/8', '127.0.0.1/0', '192.168.1.1/24', '::1/127',
  ] },
  { status: 400, says: 'is in brackets', spellings: [
    '[127.0.0.1]', '[::1]', '[169.254.169.254]', '[fd00:ec2::254]', '[::1]:80',
  ] },
  { status: 400, says: 'is neither a CIDR nor a URL', spellings: [
    'http:/127.0.0.1', '//127.0.0.1/', '0/0', '127/8', 'http:\\\\localhost/',
  ] },
  { status: 400, says: 'is not a valid URL', spellings: [
    'http://127.0.0.1:65536/',
  ] },
  { status: 400, says: 'is not an IPv6 address', spellings: [
    'http:127.0.0.1', 'http:\\\\127.0.0.1\\', '::ffff:0x7f.1', 'http://[::ffff:127.1]/', '::ffff:0xa9fe:a9fe', 'fd00:ec2::254.', '::1.', '::00001',
    '0:0:0:0:0:0:0:1:0', '1::1::1', ':::1', '::g', '0x::1',
  ] },
  { status: 400, says: 'is not an http(s) URL', spellings: [
    'ftp://127.0.0.1/', 'file:///etc/passwd', 'gopher://127.0.0.1:6379/', 'dict://127.0.0.1:11211/', 'javascript://127.0.0.1/', 'ws://127.0.0.1/',
  ] },
  { status: 400, says: 'is too large', spellings: [
    '127.0.0.0/8', '0.0.0.0/0', '169.252.0.0/14', '168.0.0.0/7', 'fd00::/8', '172.16.0.0/12', '3fff::/20', '2001:db8::/32',
  ] },
  { status: 400, says: 'mixes scripts in one label', spellings: [
    'lоcalhost',
  ] },
  { status: 400, says: 'names a port', spellings: [
    '127.0.0.1:80', '169.254.169.254:80', '0.0.0.0:22',
  ] },
  { status: 400, says: 'reads as an address in an octal, hexadecimal, integer, short or otherwise odd form', spellings: [
    '127.1', '127.0.1', '127.1.', '127.0.0.1.', '127.0.0.01', '127.0.0.001', '127.00.0.1', '0127.0.0.1', '0177.0.0.1', '0177.0.0.01', '0177.1',
    '0x7f.0.0.1', '0x7F.0.0.1', '0x7f.1', '0x7f.0x0.0x0.0x1', '0X7F000001', '0x7f000001', '2130706433', '017700000001', '00000177.1', '127.0x1',
    '127.0.0x1', '0x7f.0.1', '127.65535', '127.16777215', '6425673729', '１２７.0.0.1', '１27.0.0.1', '𝟏𝟐𝟕.0.0.1', 'https://127.1/', 'http://0x7f.1/',
    'http://0x7f000001/', 'http://2130706433/', 'http://017700000001/', 'http://0177.0.0.1/', 'http://127.0.0.1./', 'http://①②⑦.0.0.1/', '2852039166',
    '0xa9fea9fe', '0xa9.0xfe.0xa9.0xfe', '0251.0376.0251.0376', '169.254.43518', '169.16689662', '169.254.169.254.', '１６９.254.169.254',
    'http://2852039166/', 'http://0xa9fea9fe/', 'http://0251.0376.0251.0376/', 'http://169.254.169.254./', '10.1', '0xa000001', '012.0.0.1',
    '167772161', '0xc0.0xa8.0.1', '3232235521', '192.168.1', 'http://3232235521/', '0', '0x0', '00', '0.', 'http://0/', '4294967295', '0xffffffff',
    '127.0.0.1.1', '127..1', '.127.0.0.1', '127.0.0.256', '+127.0.0.1', '1_27.0.0.1', '1e2.0.0.1', '0b1111111.0.0.1', '0o177.0.0.1', '127.0.0.0x1',
    '0x7f.0x000001', '0x00000000000000007f000001', '000000000000017700000001', '4294967297', '18446744071562067969', '١٢٧.٠.٠.١', '१२७.०.०.१',
    '۱۲۷.۰.۰.۱', '127․.0.0.1', '𝟙𝟚𝟟.𝟘.𝟘.𝟙', '⑴⑵⑺.0.0.1', '⒈⒉⒎.0.0.1', 'Ⅻ7.0.0.1', '127.0.0.1\u0301', '127.0.0.１', '0ｘ7f.1',
    'http://127.000.000.001/', 'http://127.0.1/', 'http://0x7f.0x0.0x0.0x1/', 'http://0x7F000001:8080/', 'http://00000177.1/', 'http://0:80/',
    'http://0x0/', 'http://１２７.0.0.1/', 'http://169.254.43518/', 'http://0xa9.0xfe.0xa9.0xfe/', 'http://0251.254.169.254/', '1684300900',
    '0x64.100.100.200', '0144.0144.0144.0310', '10.0.1', '10.1.1', '0x0a.0.0.1', '0x0A000001', '012.1', '10.255.255.255.', '010.0.0.1', '0254.16.0.1',
    '0xac.0x10.0.1', '172.1048577', '2886729729', '192.168.257', '0300.0250.0.1', '0xc0a80001', '100.64.1', '1681915905', '198.19.1',
    '255.255.255.255.', '0xffffffff.', '037777777777', '255.255.65535', '0.0.0.0.', '0x0.0', '0.0', '0.0.0', '00.00.00.00',
  ] },
  { status: 403, says: '6to4 (RFC 3056)', spellings: [
    '2002:7f00:1::', '2002:7f00:1::1', '2002:a9fe:a9fe::1', '2002:a00:1::', 'http://[2002:a00:1::]/', 'http://[2002:a9fe:a9fe::]/',
    '2002:a9fe:aa02::', '2002::/112', '2002:c0a8:101::1',
  ] },
  { status: 403, says: 'IPv4-mapped, IPv4-compatible, NAT64, discard-only or reserved (RFC 4291, RFC 6052, RFC 8215, RFC 6666)', spellings: [
    '::ffff:127.0.0.1', '::ffff:7f00:1', '::FFFF:7F00:0001', '0:0:0:0:0:ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe', '::ffff:8.8.8.8', 'http://[::ffff:127.0.0.1]/', 'http://[::ffff:a9fe:a9fe]/', '::127.0.0.1', '::7f00:1', '::169.254.169.254',
    'http://[::127.0.0.1]/', '::ffff:0:127.0.0.1', '::ffff:0:7f00:1', '64:ff9b::127.0.0.1', '64:ff9b::7f00:1', '64:ff9b::169.254.169.254',
    '64:ff9b::a00:1', '64:ff9b:1::127.0.0.1', '64:ff9b:1:ffff::1', 'http://[64:ff9b::7f00:1]/', '64:ff9b::/112', '::2', '100::1', '1fff::1',
    'http://[::ffff:10.0.0.1]/', 'http://[::ffff:192.168.0.1]:80/', 'http://[::ffff:c0a8:1]/', 'http://[64:ff9b::10.0.0.1]/',
    'http://[::ffff:169.254.169.254]/', 'http://[::ffff:a9fe:aa02]/', 'http://[64:ff9b::a9fe:a9fe]/', '::ffff:169.254.170.2',
    '0:0:0:0:0:ffff:a9fe:a9fe', '64:ff9b::169.254.170.2', '64:ff9b:1::a9fe:a9fe', '::a9fe:a9fe', '::ffff:255.255.255.255', '::ffff:224.0.0.1',
    '::ffff:0.0.0.0', '::ffff:0:0', '::ffff:0:0/112', '64:ff9b::/113', '64:ff9b:1:2::1', '100:0:0:1::1', '100::/112', '200::1', '::ffff:0:10.0.0.1',
    '::10.0.0.1', '::192.168.1.1', '::ffff:7f00:0001', '::ffff:127.0.0.1/128', '::ffff:127.0.0.0/120', '0000:0000:0000:0000:0000:ffff:7f00:0001',
    '::1:80',
  ] },
  { status: 403, says: 'for benchmarks (RFC 2544)', spellings: [
    '198.18.0.1', '198.19.255.255', '198.18.0.0/16',
  ] },
  { status: 403, says: 'for protocols (RFC 6890)', spellings: [
    '192.0.0.1', '192.0.0.192', 'http://192.0.0.192/opc/v2/', '192.0.0.0/24', '192.0.0.170', '192.0.0.8',
  ] },
  { status: 403, says: 'for protocols, Teredo among them (RFC 2928, RFC 4380)', spellings: [
    '2001::1', '2001:0:4136:e378:8000:63bf:3fff:fdd2', '2001:0:7f00:1::', '2001:0::/112', '2001:10::1', '2001:20::1', '2001:2::1', '2001:1ff::1',
    '2001:0:a9fe:a9fe::', '2001:0000:4136:e378:8000:63bf:5601:5601', '2001:0:c0a8:101::', '2001:3::1',
  ] },
  { status: 403, says: 'link-local (RFC 4291)', spellings: [
    'fe80::1', 'fe80::a9fe:a9fe', 'febf::1', 'fe80::/112', 'http://[fe80::1]/', 'http://[fe80::1]:80/', 'fe80::', 'fe80:0:0:0::1', 'fe90::1',
    'fea0::1', 'febf:ffff::1',
  ] },
  { status: 403, says: 'link-local, where metadata and credentials are served (RFC 3927)', spellings: [
    '169.254.169.254', '169.254.170.2', '169.254.169.253', '169.254.169.123', '169.254.170.23', '169.254.0.1', '169.254.0.0/16', '169.254.169.254/32',
    'http://169.254.169.254/latest/meta-data/', 'http://169.254.170.2/v2/credentials', 'metadata', 'metadata.google.internal',
    'METADATA.GOOGLE.INTERNAL.', 'instance-data', 'instance-data.ec2.internal', 'http://metadata.google.internal/computeMetadata/v1/',
    'http://169.254.169.254:80/', 'http://169.254.169.254', 'http://169.254.169.254/latest/api/token', 'https://169.254.169.254/',
    'http://169.254.170.2:80/v2/metadata', 'http://169.254.170.23/v1/credentials', '169.254.0.0/17', '169.254.169.0/24', '169.254.169.254/31',
    '169.254.128.0/18',
  ] },
  { status: 403, says: 'loopback (RFC 1122)', spellings: [
    '127.0.0.1', '127.0.0.0', '127.255.255.255', '127.1.2.3', '127.0.0.0/16', '127.0.0.1/32', 'localhost', 'LOCALHOST', 'localhost.', 'LocalHost.',
    'app.localhost', 'a.b.localhost.', 'http://127.0.0.1/', 'http://127.0.0.1:8080/', 'http://localhost/', 'http://localhost./',
    'http://app.localhost:3000/', 'http://LOCALHOST', 'localhost.localdomain', 'localhost4', 'localhost4.localdomain4', 'localhost.localhost',
    'LOCALHOST.LOCALDOMAIN', 'loopback', 'http://localhost:80/', 'https://localhost.', 'http://localhost:22', 'http://LOCALHOST:8080/admin?x=1',
    'http://x.localhost./', 'http://127.0.0.1', 'https://127.0.0.1:443', 'http://127.0.0.1:65535/', 'http://127.0.0.1:080/', 'http://127.0.0.1?x',
    'http://127.0.0.1/../x', 'HTTP://127.0.0.1/', 'hTTp://LocalHost/',
  ] },
  { status: 403, says: 'loopback (RFC 4291)', spellings: [
    '::1', '0:0:0:0:0:0:0:1', '0000:0000:0000:0000:0000:0000:0000:0001', '::0001', '0::1', '::0:1', '::1/128', 'http://[::1]/',
    'http://[0:0:0:0:0:0:0:1]:80/', '::0.0.0.1', 'localhost6', 'ip6-localhost', 'ip6-loopback', 'ip6-localhost.', 'localhost6.localdomain6',
    'http://ip6-localhost/', 'http://[0:0::1]/', 'http://[::1]:8080/x', '::01',
  ] },
  { status: 403, says: 'multicast (RFC 4291)', spellings: [
    'ff02::1', 'ff0e::1', 'ff00::/112', 'http://[ff02::1]/', 'ff01::1', 'ff05::2', 'ff02::fb',
  ] },
  { status: 403, says: 'multicast (RFC 5771)', spellings: [
    '224.0.0.1', '239.255.255.255', '224.0.0.0/16', '224.0.0.251', '239.255.255.250',
  ] },
  { status: 403, says: 'private (RFC 1918)', spellings: [
    '10.0.0.0', '10.0.0.1', '10.255.255.255', '10.1.0.0/16', '172.16.0.1', '172.31.255.255', '172.16.0.0/16', '192.168.0.1', '192.168.1.1',
    '192.168.255.255', '192.168.0.0/16', 'http://10.0.0.1/', 'http://192.168.1.1:8080/', '10.0.0.0/16', '10.0.0.1/32', '172.20.0.0/16',
    '192.168.0.0/17',
  ] },
  { status: 403, says: 'reserved (RFC 4291)', spellings: [
    'fe00::1', '4000::1', '5f00::1', 'fbff::1', '4000::/112', 'e000::1', '8000::1', 'c000::1', '5f00:1::',
  ] },
  { status: 403, says: 'reserved or broadcast (RFC 1112)', spellings: [
    '240.0.0.1', '255.255.255.255', '255.255.255.255/32', '255.255.0.0/16', 'http://255.255.255.255/',
  ] },
  { status: 403, says: 'shared by a carrier, CGNAT (RFC 6598)', spellings: [
    '100.64.0.1', '100.100.100.200', '100.127.255.255', '100.64.0.0/16', 'http://100.100.100.200/latest/meta-data/', '100.100.100.200/32',
    '100.100.100.0/24', '100.64.0.0/17',
  ] },
  { status: 403, says: 'site-local (RFC 3879)', spellings: [
    'fec0::1', 'feff::1', 'fec0::/112',
  ] },
  { status: 403, says: 'the 6to4 relays (RFC 7526)', spellings: [
    '192.88.99.1',
  ] },
  { status: 403, says: 'this network (RFC 791)', spellings: [
    '0.0.0.0', '0.0.0.1', '0.255.255.255', '0.0.0.0/16', 'http://0.0.0.0/', 'http://0.0.0.0:80/',
  ] },
  { status: 403, says: 'unique local (RFC 4193)', spellings: [
    'fc00::1', 'fd12:3456:789a::1', 'fdff:ffff::1', 'fd00::/112', 'http://[fd00::1]/', 'http://[fd12:3456::1]/', 'fc00::/112',
    'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'fcff::1', 'fc00:0:0:0:0:0:0:1',
  ] },
  { status: 403, says: 'unspecified (RFC 4291)', spellings: [
    '::', '0:0:0:0:0:0:0:0', '::/128', 'http://[::]/', 'http://[::]:80/', 'http://[::0.0.0.0]/', '::0', '::0.0.0.0', '0::0',
  ] },
  { status: 403, says: 'where AWS serves metadata and credentials (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html)', spellings: [
    'http://[fd00:ec2::254]/latest/meta-data/', 'fd00:ec2::254', 'FD00:0EC2:0:0:0:0:0:254', 'fd00:ec2::23', 'fd00:ec2::/112',
    'http://[fd00:ec2::254]:80/', 'http://[fd00:0ec2:0::254]/', 'http://[fd00:ec2::23]/v1/credentials', 'fd00:ec2::254/128', 'fd00:ec2:0:0::254',
    'fd00:ec2::/113',
  ] },
];

// biome-ignore format: a table reads by column
export const ACCEPTED: readonly (readonly [spelling: string, canonical: string])[] = [
  ['8.8.8.8',                                     '8.8.8.8'],
  ['8.8.8.8/32',                                  '8.8.8.8'],
  ['1.1.1.0/24',                                  '1.1.1.0/24'],
  ['203.0.113.0/28',                              '203.0.113.0/28'],
  ['9.255.0.0/16',                                '9.255.0.0/16'],
  ['11.0.0.0/16',                                 '11.0.0.0/16'],
  ['126.255.255.255',                             '126.255.255.255'],
  ['128.0.0.1',                                   '128.0.0.1'],
  ['100.63.255.255',                              '100.63.255.255'],
  ['100.128.0.0',                                 '100.128.0.0'],
  ['169.253.255.255',                             '169.253.255.255'],
  ['169.255.0.1',                                 '169.255.0.1'],
  ['172.15.255.255',                              '172.15.255.255'],
  ['172.32.0.0',                                  '172.32.0.0'],
  ['192.31.196.1',                                '192.31.196.1'],
  ['223.255.255.255',                             '223.255.255.255'],
  ['2606:4700::1111',                             '2606:4700::1111'],
  ['2606:4700:0000:0000:0000:0000:0000:1111',     '2606:4700::1111'],
  ['2606:4700:0:0::1111/128',                     '2606:4700::1111'],
  ['2A00::/112',                                  '2a00::/112'],
  ['2001:DB8::1',                                 '2001:db8::1'],
  ['2001:200::1',                                 '2001:200::1'],
  ['3FFF:ffff:0::1',                              '3fff:ffff::1'],
  ['www.example.com',                             'www.example.com'],
  ['WWW.Example.COM.',                            'www.example.com'],
  ['bücher.example',                              'xn--bcher-kva.example'],
  ['BÜCHER.example',                              'xn--bcher-kva.example'],
  ['xn--bcher-kva.example',                       'xn--bcher-kva.example'],
  ['_dmarc.example.com',                          '_dmarc.example.com'],
  ['localhost.example',                           'localhost.example'],
  ['1ocalhost',                                   '1ocalhost'],
  ['127-0-0-1.example',                           '127-0-0-1.example'],
  ['10.0.0.1.nip.io',                             '10.0.0.1.nip.io'],
  ['https://app.example',                         'https://app.example/'],
  ['HTTPS://App.Example:443/',                    'https://app.example/'],
  ['http://app.example:80/a/../b',                'http://app.example/b'],
  ['https://[2606:4700:0::1111]:8443/x',          'https://[2606:4700::1111]:8443/x'],
  ['http://8.8.8.8:080/',                         'http://8.8.8.8/'],
  ['http://app.example?@127.0.0.1/',              'http://app.example/?@127.0.0.1/'],
  ['http://app.example/?u=http://127.0.0.1/',     'http://app.example/?u=http://127.0.0.1/'],
  ['http://bücher.example/ü',                     'http://xn--bcher-kva.example/%C3%BC'],
  ['db.internal',                                 'db.internal'],
  ['ip-10-0-0-1.ec2.internal',                    'ip-10-0-0-1.ec2.internal'],
];
