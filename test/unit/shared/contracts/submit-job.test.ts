import { describe, expect, it } from 'vitest';
import { SubmitJobRequest } from '#shared/contracts/submit-job.ts';

const GOOD = { targets: ['192.0.2.1'], scanners: [{ name: 'nmap' }] };

/** What is wrong with a body, as `field: message` lines. */
function faults(body: unknown): string[] {
  const parsed = SubmitJobRequest.safeParse(body);
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('a submit', () => {
  it('reads targets canonically and fills in defaults', () => {
    expect(
      SubmitJobRequest.parse({
        targets: ['WWW.Example.com.', '203.0.113.0/28'],
        scanners: [{ name: 'nmap', options: { ports: '80' } }],
      }),
    ).toEqual({
      targets: [
        { kind: 'host', text: 'www.example.com', host: 'www.example.com', count: 1 },
        { kind: 'cidr', text: '203.0.113.0/28', host: '203.0.113.0', count: 16 },
      ],
      scanners: [
        {
          name: 'nmap',
          options: { ports: '80', serviceDetection: false, scripts: [], timing: 4, hostTimeoutSeconds: 900 },
        },
      ],
      labels: {},
      profile: 'brief',
      priority: 'normal',
    });
  });

  it('takes everything the API documents', () => {
    const full = {
      ...GOOD,
      scanners: [
        {
          name: 'nmap',
          options: { ports: '1-1024', serviceDetection: true, scripts: ['vuln'], timing: 3, hostTimeoutSeconds: 60 },
        },
      ],
      name: 'weekly',
      description: 'über alles',
      project: 'shop',
      labels: { ticket: 'SEC-7' },
      profile: 'full',
      priority: 'high',
      deadlineSeconds: 3_600,
      idempotencyKey: 'a-b-c',
    };
    expect(faults(full)).toEqual([]);
  });

  it('takes a maintenance window of all targets, and of one', () => {
    const [notBefore, notAfter] = ['2026-01-31T22:00:00Z', '2026-02-01T04:00:00Z'];
    const body = {
      ...GOOD,
      targets: ['192.0.2.1', { target: 'A.example', notBefore, notAfter }],
      window: { notAfter },
    };
    expect(SubmitJobRequest.parse(body)).toMatchObject({
      targets: [
        { text: '192.0.2.1' },
        {
          target: { kind: 'host', text: 'a.example' },
          notBefore: '2026-01-31T22:00:00.000Z',
          notAfter: '2026-02-01T04:00:00.000Z',
        },
      ],
      window: { notAfter: '2026-02-01T04:00:00.000Z' },
    });
  });

  const NOON = '2026-01-31T12:00:00Z';
  const withTargets = (...targets: unknown[]) => ({ ...GOOD, targets });
  const withOptions = (options: unknown) => ({ ...GOOD, scanners: [{ name: 'nmap', options }] });
  // biome-ignore format: a table reads by column
  it.each<[title: string, body: unknown, fault: RegExp]>([
    ['null',                       null,                                             /^: .*expected object/],
    ['a list',                     [],                                               /^: .*expected object/],
    ['text',                       'nmap',                                           /^: .*expected object/],
    ['an unknown field',           { ...GOOD, tenant: 'other' },                     /^: .*"tenant"/],
    ['__proto__ as a field',       JSON.parse('{"targets":["192.0.2.1"],"scanners":[{"name":"nmap"}],"__proto__":{"a":1}}'), /^: .*"__proto__"/],
    ['no targets',                 { scanners: GOOD.scanners },                      /^targets: /],
    ['an empty list of targets',   withTargets(),                                    /^targets: must name at least one target/],
    ['targets as text',            { ...GOOD, targets: '192.0.2.1' },                /^targets: .*expected array/],
    ['a number as target',         withTargets('192.0.2.1', 7),                      /^targets\.1: must be text, or an object with a target/],
    ['null as target',             withTargets(null),                                /^targets\.0: must be text, or an object with a target/],
    ['an empty target',            withTargets('192.0.2.1', ''),                     /^targets\.1: is empty/],
    ['a target with a hyphen first', withTargets('-oX'),                             /^targets\.0: is "-oX", which begins with a hyphen; allowed: /],
    ['a target with a newline',    withTargets('a\nb'),                              /^targets\.0: is "a\\u\{a\}b", which holds a space, control/],
    ['a target too long',          withTargets('a'.repeat(2_049)),                   /^targets\.0: has 2049 characters; allowed: at most 2048/],
    ['an object without a target', withTargets({ notBefore: NOON }),                 /^targets\.0: must be text, or an object with a target/],
    ['a bad target with a window', withTargets({ target: '-oX', notAfter: NOON }),   /^targets\.0\.target: is "-oX", which begins/],
    ['a window that is no time',   withTargets({ target: 'a.example', notAfter: 'ten' }), /^targets\.0\.notAfter: must be an ISO 8601 UTC time/],
    ['a window without length',    withTargets({ target: 'a.example', notBefore: NOON, notAfter: NOON }), /^targets\.0\.notAfter: must be later than notBefore/],
    ['an unknown field beside it', withTargets({ target: 'a.example', until: NOON }), /^targets\.0: .*"until"/],
    ['a window of the job, backwards', { ...GOOD, window: { notBefore: '2026-01-31T12:00:00.001Z', notAfter: NOON } }, /^window\.notAfter: must be later than notBefore/],
    ['a range',                    withTargets('10.0.0.1-20'),                       /^targets\.0: .*a CIDR, as in/],
    ['100,000 targets',            withTargets(...Array.from({ length: 100_000 }, (_, i) => `h${i}.example`)), /^targets: must name at most 65536 targets/],
    ['no scanners',                { targets: GOOD.targets },                        /^scanners: /],
    ['an empty list of scanners',  { ...GOOD, scanners: [] },                        /^scanners: must name at least one scanner/],
    ['an unknown scanner',         { ...GOOD, scanners: [{ name: 'masscan' }] },     /^scanners\.0\.name: .*"nmap"/],
    ['a scanner twice',            { ...GOOD, scanners: [{ name: 'nmap' }, { name: 'nmap' }] }, /^scanners: /],
    ['a scanner as text',          { ...GOOD, scanners: ['nmap'] },                  /^scanners\.0: .*expected object/],
    ['flags for a scanner',        { ...GOOD, scanners: [{ name: 'nmap', flags: '-A' }] }, /^scanners\.0: .*"flags"/],
    ['an unknown option',          withOptions({ flags: '-A' }),                     /^scanners\.0\.options: .*"flags"/],
    ['options as text',            withOptions('-A'),                                /^scanners\.0\.options: .*expected object/],
    ['a bad port list',            withOptions({ ports: '80;id' }),                  /^scanners\.0\.options\.ports: has "80;id"; allowed: ports/],
    ['a port beyond 65535',        withOptions({ ports: '65536' }),                  /^scanners\.0\.options\.ports: has "65536"; allowed: 1 to 65535/],
    ['ports the wrong way round',  withOptions({ ports: '90-80' }),                  /^scanners\.0\.options\.ports: /],
    ['ports and top ports',        withOptions({ ports: '80', topPorts: 10 }),       /^scanners\.0\.options\.topPorts: cannot be given together with ports/],
    ['a forbidden script category', withOptions({ scripts: ['brute'] }),             /^scanners\.0\.options\.scripts\.0: /],
    ['timing as text',             withOptions({ timing: '4' }),                     /^scanners\.0\.options\.timing: .*expected number/],
    ['a fraction for timing',      withOptions({ timing: 1.5 }),                     /^scanners\.0\.options\.timing: /],
    ['an empty name',              { ...GOOD, name: '' },                            /^name: /],
    ['a name too long',            { ...GOOD, name: 'x'.repeat(129) },               /^name: /],
    ['a name with an escape code', { ...GOOD, name: '\x1b[31mred' },                 /^name: must not hold control or formatting/],
    ['a name that runs backwards', { ...GOOD, name: 'a\u202eb' },                    /^name: must not hold control or formatting/],
    ['a lone surrogate',           { ...GOOD, description: '\ud800' },               /^description: must not hold control or formatting/],
    ['a project with a slash',     { ...GOOD, project: 'a/b' },                      /^project: must be 1 to 64/],
    ['a project with a key mark',  { ...GOOD, project: 'a#b' },                      /^project: must be 1 to 64/],
    ['eleven labels',              { ...GOOD, labels: Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`l${i}`, 'v'])) }, /^labels: must hold at most 10 labels/],
    ['a bad label name',           { ...GOOD, labels: { 'a b': 'v' } },              /^labels\.a b: /],
    ['a number as label',          { ...GOOD, labels: { ticket: 7 } },               /^labels\.ticket: .*expected string/],
    ['an unknown profile',         { ...GOOD, profile: 'all' },                      /^profile: /],
    ['an unknown priority',        { ...GOOD, priority: 1 },                         /^priority: /],
    ['a deadline of nothing',      { ...GOOD, deadlineSeconds: 0 },                  /^deadlineSeconds: /],
    ['a deadline beyond a day',    { ...GOOD, deadlineSeconds: 86_401 },             /^deadlineSeconds: /],
    ['a key with a space',         { ...GOOD, idempotencyKey: 'a b' },               /^idempotencyKey: must be 1 to 255 visible ASCII/],
    ['a key too long',             { ...GOOD, idempotencyKey: 'k'.repeat(256) },     /^idempotencyKey: /],
  ])('with %s is refused, naming the field', (_, body, fault) => {
    const found = faults(body);
    expect(found.some((line) => fault.test(line)), `${found.slice(0, 3).join(' | ')} should match ${fault}`).toBe(true);
  });

  it('names every fault at once', () => {
    const fields = faults({
      targets: ['-a', '192.0.2.1', 'b c'],
      scanners: [{ name: 'nmap', options: { timing: 9 } }],
      profile: 'x',
    }).map((line) => line.split(':')[0]);
    expect(fields).toEqual(expect.arrayContaining(['targets.0', 'targets.2', 'scanners.0.options.timing', 'profile']));
  });
});
