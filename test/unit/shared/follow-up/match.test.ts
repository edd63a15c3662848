import { describe, expect, it } from 'vitest';
import type { Finding } from '#shared/finding/finding.ts';
import { matches, targetOf } from '#shared/follow-up/match.ts';
import type { FollowUpCondition } from '#shared/follow-up/rule.ts';
import { aFinding } from '#test/support/job-records.ts';

const openPort = (port: number, service: object, host = 'www.example.com'): Finding =>
  aFinding({ location: { host, port, protocol: 'tcp' }, raw: { service } });

describe('a finding', () => {
  const finding = { ...openPort(8443, { name: 'https-alt' }), severity: 'medium' } as const;

  it.each<[FollowUpCondition]>([
    [{ scanner: 'nmap' }],
    [{ scanner: 'nmap', rule: 'open-port', service: 'http', port: 8443, severity: 'medium' }],
    [{ scanner: 'nmap', severity: 'info' }],
  ])('fits %j', (condition) => expect(matches(condition, finding)).toBe(true));

  it.each<[FollowUpCondition]>([
    [{ scanner: 'nuclei' }],
    [{ scanner: 'nmap', rule: 'http-title' }],
    [{ scanner: 'nmap', service: 'ssh' }],
    [{ scanner: 'nmap', port: 443 }],
    [{ scanner: 'nmap', severity: 'high' }],
    [{ scanner: 'nmap', rule: 'open-port', service: 'http', port: 443 }],
  ])('does not fit %j', (condition) => expect(matches(condition, finding)).toBe(false));

  it.each([
    ['ssh', true],
    ['http', false],
  ])('of another service goes by its own name: %s', (service, fits) =>
    expect(matches({ scanner: 'nmap', service }, openPort(22, { name: 'ssh' }))).toBe(fits),
  );

  it.each([[undefined], [null], ['service'], [{ service: null }], [{ service: { name: 80 } }]])(
    'whose record is %j has no service',
    (raw) => expect(matches({ scanner: 'nmap', service: 'http' }, aFinding({ raw }))).toBe(false),
  );

  it('has a service only where nmap says so', () =>
    expect(
      matches({ scanner: 'nuclei', service: 'http' }, { ...openPort(80, { name: 'http' }), scanner: 'nuclei' }),
    ).toBe(false));
});

describe('what is to be scanned', () => {
  it.each([
    [openPort(80, { name: 'http' }), 'http://www.example.com/'],
    [openPort(8080, { name: 'http-proxy' }), 'http://www.example.com:8080/'],
    [openPort(443, { name: 'http', tunnel: 'ssl' }), 'https://www.example.com/'],
    [openPort(8443, { name: 'https-alt' }), 'https://www.example.com:8443/'],
    [openPort(80, { name: 'http' }, '2001:db8::7'), 'http://[2001:db8::7]/'],
    [openPort(22, { name: 'ssh' }), 'www.example.com'],
    [{ ...openPort(80, { name: 'http' }), location: { host: 'a.example', port: 80, protocol: 'udp' } }, 'a.example'],
    [aFinding({ location: { host: 'a.example', url: 'http://a.example/admin' } }), 'http://a.example/admin'],
  ])('of %j is %s', (finding, target) => expect(targetOf(finding)?.text).toBe(target));

  it.each([
    ['http://user:secret@a.example/'],
    ['javascript:alert(1)'],
    ['http://a.example/#x'],
    ['-oN'],
    ['\u202ea.example'],
  ])('is never %j', (url) => expect(targetOf(aFinding({ location: { host: 'a.example', url } }))).toBeUndefined());
});
