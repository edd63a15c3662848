import { describe, expect, it } from 'vitest';
import type { Location } from '#shared/finding/finding.ts';
import { fingerprint } from '#shared/finding/fingerprint.ts';

const HTTP: Location = { host: 'www.example.com', ip: '192.0.2.1', port: 80, protocol: 'tcp' };

describe('a fingerprint', () => {
  it('is SHA-256 over scanner, rule, host, port, protocol, url and selector, joined by NUL', () => {
    // printf 'nmap\0open-port\0www.example.com\00080\0tcp\0\0' | sha256sum
    expect(fingerprint('nmap', 'open-port', HTTP)).toBe(
      'c6d3ae3e4f2efaab6078bad03de16d4627b677fc11aa43191b9e6c03d54f3736',
    );
  });

  it('is the same whatever address stands behind the name, and however the host is cased', () => {
    expect(fingerprint('nmap', 'open-port', { ...HTTP, ip: '192.0.2.99' })).toBe(
      fingerprint('nmap', 'open-port', HTTP),
    );
    expect(fingerprint('nmap', 'open-port', { ...HTTP, host: 'WWW.example.com' })).toBe(
      fingerprint('nmap', 'open-port', HTTP),
    );
  });

  it('differs with every part of what and where', () => {
    const all = [
      fingerprint('nmap', 'open-port', HTTP),
      fingerprint('nuclei', 'open-port', HTTP),
      fingerprint('nmap', 'closed-port', HTTP),
      fingerprint('nmap', 'open-port', { ...HTTP, host: 'example.com' }),
      fingerprint('nmap', 'open-port', { ...HTTP, port: 81 }),
      fingerprint('nmap', 'open-port', { ...HTTP, protocol: 'udp' }),
      fingerprint('nmap', 'open-port', { ...HTTP, url: 'http://www.example.com/' }),
      fingerprint('nmap', 'open-port', { ...HTTP, selector: 'main > a' }),
      fingerprint('nmap', 'open-port', { host: 'www.example.com' }),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  it('does not mix up neighbouring parts', () => {
    expect(fingerprint('a', 'bc', { host: 'd' })).not.toBe(fingerprint('ab', 'c', { host: 'd' }));
    expect(fingerprint('a', 'b', { host: 'h', url: 'x' })).not.toBe(
      fingerprint('a', 'b', { host: 'h', selector: 'x' }),
    );
  });
});
