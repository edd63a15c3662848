import { describe, expect, it } from 'vitest';
import type { Finding } from '#shared/finding/finding.ts';
import { type Profile, show } from '#shared/report/profile.ts';

const FINDING: Finding = {
  id: 'f'.repeat(64),
  scanner: 'nmap',
  rule: 'open-port',
  title: 'Port 80/tcp is open',
  severity: 'info',
  location: { host: 'www.example.com', ip: '192.0.2.1', port: 80, protocol: 'tcp' },
  description: 'd',
  evidence: 'e',
  remediation: 'r',
  references: ['https://example.com/'],
  cve: ['CVE-2026-0001'],
  cwe: ['CWE-79'],
  cvss: { version: '3.1', score: 5 },
  tags: ['t'],
  detectedAt: '2026-11-21T12:00:00.000Z',
  raw: { state: 'open' },
};

describe('show', () => {
  // biome-ignore format: a table reads by column
  it.each<[Profile, string[]]>([
    ['minimal', ['id', 'rule', 'severity', 'location']],
    ['summary', ['id', 'rule', 'severity', 'location', 'scanner', 'title', 'cve']],
    ['brief',   ['id', 'rule', 'severity', 'location', 'scanner', 'title', 'cve', 'description', 'remediation', 'cwe', 'cvss', 'tags', 'detectedAt']],
    ['full',    ['id', 'scanner', 'rule', 'title', 'severity', 'location', 'description', 'evidence', 'remediation', 'references', 'cve', 'cwe', 'cvss', 'tags', 'detectedAt', 'raw']],
  ])('shows of a finding, in the profile %s, only %j', (profile, fields) => expect(Object.keys(show(FINDING, profile))).toEqual(fields));

  it('leaves the values as they are', () => {
    expect(show(FINDING, 'minimal')).toEqual({
      id: FINDING.id,
      rule: 'open-port',
      severity: 'info',
      location: FINDING.location,
    });
    expect(show(FINDING, 'full')).toEqual(FINDING);
  });

  it('makes up no field that a finding does not have', () => {
    const { id, scanner, rule, title, severity, location, detectedAt } = FINDING;
    const bare: Finding = { id, scanner, rule, title, severity, location, detectedAt };
    expect(show(bare, 'brief')).toEqual(bare);
  });
});
