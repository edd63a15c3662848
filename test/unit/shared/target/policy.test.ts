import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ValidationError } from '#shared/errors.ts';
import { parseTarget } from '#shared/target/parse.ts';
import {
  allowedUntil,
  type Decision,
  decideAddress,
  decideTarget,
  type Policy,
  readPolicy,
} from '#shared/target/policy.ts';

const NOON = new Date('2026-11-21T12:00:00.000Z');
const DEFAULT = readPolicy({});

const atSubmit = (policy: Policy, text: string, now = NOON): Decision => decideTarget(policy, parseTarget(text), now);
const codeOf = (decision: Decision) => (decision.allowed ? 'allowed' : decision.code);

it('has nothing to say of an upload, of which nothing is scanned', () => {
  const target = parseTarget('upload:019a0000-0000-7000-8000-00000000abcd');
  expect(decideTarget(readPolicy({ default: 'deny' }), target, new Date())).toEqual({ allowed: true });
});

describe('by default', () => {
  // How targets are spelled is test/unit/functions/submit-job/forbidden-targets.test.ts.
  it.each([
    ['8.8.8.8', 'allowed'],
    ['10.0.0.1', 'special_range'],
    ['127.0.0.0/16', 'special_range'],
    ['app.localhost', 'special_range'],
    ['metadata.google.internal', 'special_range'],
  ])('%s is %s', (text, code) => expect(codeOf(atSubmit(DEFAULT, text))).toBe(code));

  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '169.254.169.254',
    '::1',
    '::ffff:8.8.8.8',
    '64:ff9b::808:808',
    'fd00:ec2::254',
    'fe80::1%eth0',
    '8.8.8.0/24',
    'not an address',
    '',
  ])('a name that resolves to %j may not be scanned there', (address) =>
    expect(codeOf(decideAddress(DEFAULT, address, 'www.example.com', NOON))).toBe('special_range'),
  );

  it.each(['8.8.8.8', '2606:4700::1111'])('a name that resolves to %s may be', (address) =>
    expect(decideAddress(DEFAULT, address, 'www.example.com', NOON)).toEqual({ allowed: true }),
  );
});

const rule = (fields: object) => ({ reason: 'agreed', ...fields });
const policyOf = (document: object, loopback?: 'allow' | 'deny') => readPolicy(document, loopback);

describe('an allow rule', () => {
  const ALL = ['0.0.0.0/0', '::/0'].map((cidr) => rule({ cidr }));
  const ON_PURPOSE = ['10.20.0.0/16', '192.168.0.0/16', '100.64.0.0/10', '198.18.0.0/15', 'fd12::/16'].map((cidr) =>
    rule({ cidr }),
  );
  const IN_VAIN = [
    '127.0.0.0/8',
    '::1/128',
    '169.254.0.0/16',
    'fd00:ec2::/32',
    'fe80::/10',
    '224.0.0.0/4',
    '0.0.0.0/8',
    '::/128',
    '240.0.0.0/4',
    '::ffff:0:0/96',
    '64:ff9b::/96',
    '2002::/16',
  ].map((cidr) => rule({ cidr }));
  const open = policyOf({ allow: [...ALL, ...ON_PURPOSE, ...IN_VAIN] });

  it.each(['10.20.1.1', '10.20.0.0/16', '192.168.1.1', '100.64.0.1', '198.18.0.1', 'fd12::1', '8.8.8.8'])(
    'opens %s on purpose',
    (text) => expect(atSubmit(open, text).allowed).toBe(true),
  );

  it.each([
    '127.0.0.1',
    'localhost',
    '::1',
    '169.254.169.254',
    'fd00:ec2::254',
    'fe80::1',
    '224.0.0.1',
    '0.0.0.0',
    '::',
    '255.255.255.255',
    '::ffff:10.20.1.1',
    '64:ff9b::a14:101',
    '2002:a14:101::',
  ])('never opens %s', (text) => expect(codeOf(atSubmit(open, text))).toBe('special_range'));

  it.each(['10.20.1.1', '192.168.1.1', 'fd12::1'])('for everything does not open %s', (text) =>
    expect(codeOf(atSubmit(policyOf({ default: 'deny', allow: ALL }), text))).toBe('special_range'),
  );

  it('opens a CIDR only when it holds the whole of it', () => {
    const half = policyOf({ allow: [rule({ cidr: '10.20.0.0/17' })] });
    expect(atSubmit(half, '10.20.0.0/17').allowed).toBe(true);
    expect(codeOf(atSubmit(half, '10.20.0.0/16'))).toBe('special_range');
  });

  it('for a name does not open the private address it leads to', () => {
    const named = policyOf({ allow: [rule({ domain: '.corp.example' })] });
    expect(codeOf(decideAddress(named, '10.20.1.1', 'db.corp.example', NOON))).toBe('special_range');
  });

  it.each([
    ['allow', '127.0.0.1', 'allowed'],
    ['allow', '::1', 'allowed'],
    ['allow', 'localhost', 'allowed'],
    ['allow', 'http://app.localhost:8080/', 'allowed'],
    ['deny', '127.0.0.1', 'special_range'],
  ] as const)('opens loopback when the setting is %s: %s is %s', (loopback, text, code) =>
    expect(
      codeOf(atSubmit(policyOf({ allow: [rule({ cidr: '127.0.0.0/8' }), rule({ cidr: '::1/128' })] }, loopback), text)),
    ).toBe(code),
  );

  it('is needed for loopback, whatever the setting', () => {
    expect(codeOf(atSubmit(policyOf({}, 'allow'), '127.0.0.1'))).toBe('special_range');
  });
});

describe('a deny rule', () => {
  const closed = policyOf({
    allow: [rule({ cidr: '8.8.0.0/16' }), rule({ domain: '.example.com' })],
    deny: [
      rule({ cidr: '8.8.8.0/24', reason: 'not ours' }),
      rule({ domain: 'secret.example.com' }),
      rule({ domain: '.bank.example' }),
    ],
  });

  // biome-ignore format: a table reads by column
  it.each([
    ['8.8.8.8',                 'denied_by_rule'],
    ['8.8.0.0/16',              'denied_by_rule'],
    ['https://8.8.8.8/',        'denied_by_rule'],
    ['8.8.9.0/24',              'allowed'],
    ['secret.example.com',      'denied_by_rule'],
    ['SECRET.example.com.',     'denied_by_rule'],
    ['a.secret.example.com',    'allowed'],
    ['bank.example',            'denied_by_rule'],
    ['a.b.bank.example',        'denied_by_rule'],
    ['https://www.bank.example/', 'denied_by_rule'],
    ['notbank.example',         'allowed'],
  ])('wins: %s is %s', (text, code) => expect(codeOf(atSubmit(closed, text))).toBe(code));

  it('gives its reason', () => {
    expect(atSubmit(closed, '8.8.8.8')).toEqual({ allowed: false, code: 'denied_by_rule', reason: 'not ours' });
  });

  it('holds for the addresses behind a name, and for the name behind an address', () => {
    expect(codeOf(decideAddress(closed, '8.8.8.8', 'www.example.com', NOON))).toBe('denied_by_rule');
    expect(codeOf(decideAddress(closed, '1.1.1.1', 'secret.example.com', NOON))).toBe('denied_by_rule');
    expect(codeOf(decideAddress(closed, '1.1.1.1', 'www.example.com', NOON))).toBe('allowed');
  });
});

describe('where the default is deny', () => {
  const strict = policyOf({
    default: 'deny',
    allow: [rule({ domain: '.example.com' }), rule({ domain: 'bücher.example' }), rule({ cidr: '203.0.113.0/24' })],
  });

  // biome-ignore format: a table reads by column
  it.each([
    ['www.example.com',        'allowed'],
    ['example.com',            'allowed'],
    ['https://a.b.example.com/', 'allowed'],
    ['BÜCHER.example',         'allowed'],
    ['www.bücher.example',     'not_allowed'],
    ['badexample.com',         'not_allowed'],
    ['203.0.113.0/28',         'allowed'],
    ['203.0.112.0/23',         'not_allowed'],
    ['8.8.8.8',                'not_allowed'],
  ])('%s is %s', (text, code) => expect(codeOf(atSubmit(strict, text))).toBe(code));

  it('an allowed name may be scanned at the public addresses it has', () => {
    expect(decideAddress(strict, '8.8.8.8', 'www.example.com', NOON).allowed).toBe(true);
    expect(codeOf(decideAddress(strict, '8.8.8.8', 'www.other.example', NOON))).toBe('not_allowed');
    expect(decideAddress(strict, '203.0.113.9', undefined, NOON).allowed).toBe(true);
  });
});

describe('time', () => {
  const at = (time: string) => new Date(`2026-11-21T${time}Z`);
  const night = policyOf({
    default: 'deny',
    allow: [rule({ domain: 'app.example', window: { notBefore: '22:00', notAfter: '06:00' } })],
  });

  // biome-ignore format: a table reads by column
  it.each([
    ['21:59:59.999', 'window_closed'], ['22:00:00.000', 'allowed'], ['23:59:59.000', 'allowed'], ['00:00:00.000', 'allowed'], ['06:00:59.000', 'allowed'], ['06:01:00.000', 'window_closed'],
  ])('a window past midnight at %s: %s', (time, code) => expect(codeOf(atSubmit(night, 'app.example', at(time)))).toBe(code));

  it('a window opens private ranges only while it lasts', () => {
    const day = policyOf({ allow: [rule({ cidr: '10.0.0.0/8', window: { notBefore: '09:00', notAfter: '17:00' } })] });
    expect(codeOf(atSubmit(day, '10.0.0.1', at('12:00:00')))).toBe('allowed');
    expect(codeOf(atSubmit(day, '10.0.0.1', at('18:00:00')))).toBe('window_closed');
    expect(codeOf(atSubmit(day, '169.254.169.254', at('18:00:00')))).toBe('special_range');
  });

  it('a deny rule with a window says so while it lasts', () => {
    const office = policyOf({
      deny: [
        rule({ domain: 'app.example', window: { notBefore: '08:00', notAfter: '18:00' }, reason: 'office hours' }),
      ],
    });
    expect(atSubmit(office, 'app.example', at('12:00:00'))).toEqual({
      allowed: false,
      code: 'window_closed',
      reason: 'office hours',
    });
    expect(atSubmit(office, 'app.example', at('19:00:00')).allowed).toBe(true);
  });

  it('a rule ends at its until', () => {
    const expiring = policyOf({
      default: 'deny',
      allow: [rule({ domain: 'app.example', until: '2026-11-21T12:00:00Z' })],
    });
    expect(codeOf(atSubmit(expiring, 'app.example', at('11:59:59.999')))).toBe('allowed');
    expect(codeOf(atSubmit(expiring, 'app.example', at('12:00:00.000')))).toBe('not_allowed');
  });
});

describe('the end of what is allowed now', () => {
  const NAME = 'app.example';
  const end = (document: object, time: string) =>
    allowedUntil(policyOf(document), '8.8.8.8', NAME, new Date(`2026-11-21T${time}Z`));
  const window = (notBefore: string, notAfter: string) => ({ window: { notBefore, notAfter } });
  const named = (fields: object) => rule({ domain: NAME, ...fields });

  // biome-ignore format: a table reads by column
  it.each<[string, object, string, string | undefined]>([
    ['nothing that changes',               { allow: [named({})] },                                                     '12:00:00.000', undefined],
    ['an allowing window',                 { default: 'deny', allow: [named(window('09:00', '17:00'))] },              '12:00:00.000', '2026-11-21T17:01:00.000Z'],
    ['its last moment',                    { default: 'deny', allow: [named(window('09:00', '17:00'))] },              '17:00:59.999', '2026-11-21T17:01:00.000Z'],
    ['one past midnight, in the evening',  { default: 'deny', allow: [named(window('22:00', '06:00'))] },              '23:30:00.000', '2026-11-22T06:01:00.000Z'],
    ['one past midnight, in the morning',  { default: 'deny', allow: [named(window('22:00', '06:00'))] },              '03:00:00.000', '2026-11-21T06:01:00.000Z'],
    ['one until midnight',                 { default: 'deny', allow: [named(window('20:00', '23:59'))] },              '22:00:00.000', '2026-11-22T00:00:00.000Z'],
    ['a denying window that comes',        { deny: [named(window('18:00', '20:00'))] },                                '12:00:00.000', '2026-11-21T18:00:00.000Z'],
    ['a denying window that comes again',  { deny: [named(window('08:00', '10:00'))] },                                '12:00:00.000', '2026-11-22T08:00:00.000Z'],
    ['an expiring rule',                   { default: 'deny', allow: [named({ until: '2026-11-21T13:00:00Z' })] },     '12:00:00.000', '2026-11-21T13:00:00.000Z'],
    ['a window that another one goes on',  { default: 'deny', allow: [named(window('09:00', '17:00')), named(window('16:00', '19:00'))] }, '12:00:00.000', '2026-11-21T19:01:00.000Z'],
    ['a window nobody needs',              { allow: [named(window('09:00', '17:00'))] },                               '12:00:00.000', undefined],
    ['a window of others',                 { deny: [rule({ domain: 'b.example', ...window('18:00', '20:00') })] },     '12:00:00.000', undefined],
    ['an address that closes under a name', { deny: [rule({ cidr: '8.8.8.0/24', ...window('18:00', '20:00') })] },     '12:00:00.000', '2026-11-21T18:00:00.000Z'],
  ])('under %s', (_, document, time, expected) => expect(end(document, time)).toBe(expected));
});

describe('the policy document', () => {
  it.each([null, undefined, {}])('reads %j as the default policy', (document) =>
    expect(readPolicy(document)).toEqual({ default: 'allow', allow: [], deny: [], loopback: 'deny' }),
  );

  // biome-ignore format: a table reads by column
  it.each<[unknown, string]>([
    ['allow everything',                                              'policy '],
    [[],                                                              'policy '],
    [{ defualt: 'deny' },                                             'policy '],
    [{ default: 'maybe' },                                            'default '],
    [{ loopback: 'allow' },                                           'policy '],
    [{ allow: {} },                                                   'allow '],
    [{ allow: [{ cidr: '10.0.0.0/8' }] },                             'allow.0.reason '],
    [{ allow: [rule({})] },                                           'allow.0 must name either a cidr or a domain'],
    [{ allow: [rule({ cidr: '10.0.0.0/8', domain: 'a.example' })] },  'allow.0 must name either a cidr or a domain'],
    [{ deny: [rule({ cidr: '10.0.0.1/8' })] },                        'deny.0.cidr must be an address or a CIDR without host bits'],
    [{ deny: [rule({ cidr: '10.0.0' })] },                            'deny.0.cidr '],
    [{ deny: [rule({ domain: '*.example.com' })] },                   'deny.0.domain '],
    [{ deny: [rule({ domain: '127.1' })] },                           'deny.0.domain '],
    [{ deny: [rule({ domain: '' })] },                                'deny.0.domain '],
    [{ deny: [rule({ domain: 'a.example', until: 'tomorrow' })] },    'deny.0.until '],
    [{ deny: [rule({ domain: 'a.example', window: { notBefore: '8:00', notAfter: '25:00' } })] }, 'deny.0.window.notBefore '],
    [{ deny: [rule({ domain: 'a.example', note: 'x' })] },            'deny.0 '],
  ])('names what is wrong in %j', (document, message) => {
    expect(() => readPolicy(document)).toThrow(ValidationError);
    expect(() => readPolicy(document)).toThrow(message);
  });

  it('that docs/policy.md shows can be used as it stands', () => {
    const [, example = ''] = /```yaml\n(.*?)```/s.exec(readFileSync('docs/policy.md', 'utf8')) ?? [];
    const shown = readPolicy(parse(example));
    expect([shown.default, shown.allow.length, shown.deny.length]).toEqual(['deny', 3, 2]);
    const night = new Date('2026-11-21T23:00:00.000Z');
    expect(codeOf(atSubmit(shown, 'www.shop.example'))).toBe('allowed');
    expect(codeOf(atSubmit(shown, 'pay.shop.example'))).toBe('denied_by_rule');
    expect(codeOf(atSubmit(shown, '203.0.113.129'))).toBe('denied_by_rule');
    expect(codeOf(atSubmit(shown, '203.0.113.129', new Date('2026-12-01T00:00:00.000Z')))).toBe('allowed');
    expect(codeOf(atSubmit(shown, '10.20.1.1'))).toBe('window_closed');
    expect(codeOf(atSubmit(shown, '10.20.1.1', night))).toBe('allowed');
  });

  it('of local mode allows this machine and nothing else', () => {
    const local = readPolicy(parse(readFileSync('local/default-policy.yaml', 'utf8')), 'allow');
    for (const text of ['127.0.0.1', '127.5.5.5', '::1', 'localhost', 'http://localhost:8080/'])
      expect(codeOf(atSubmit(local, text))).toBe('allowed');
    expect(decideAddress(local, '::1', 'localhost', NOON).allowed).toBe(true);
    expect(codeOf(atSubmit(local, 'www.example.com'))).toBe('not_allowed');
    expect(codeOf(atSubmit(local, '8.8.8.8'))).toBe('not_allowed');
    expect(codeOf(atSubmit(local, '192.168.1.1'))).toBe('special_range');
    expect(codeOf(atSubmit(local, '169.254.169.254'))).toBe('special_range');
  });
});
