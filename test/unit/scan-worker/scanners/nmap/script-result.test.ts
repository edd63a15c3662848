import { describe, expect, it } from 'vitest';
import { judgeScript } from '#containers/scan-worker/scanners/nmap/script-result.ts';

const DOUBLE_PULSAR = `
  VULNERABLE:
  Double Pulsar SMB Backdoor
    State: VULNERABLE
    Risk factor: HIGH  CVSSv2: 10.0 (HIGH) (AV:N/AC:L/Au:N/C:C/I:C/A:C)
      The Double Pulsar SMB backdoor was detected running on the remote machine.
`;
const SLOWLORIS = `
  VULNERABLE:
  Slowloris DOS attack
    State: LIKELY VULNERABLE
    IDs:  CVE:CVE-2007-6750
      Slowloris tries to keep many connections open.
    References:
      https://cve.mitre.org/cgi-bin/cvename.cgi?name=CVE-2007-6750
`;
const NOT_VULNERABLE = `
  NOT VULNERABLE:
  Slowloris DOS attack
    State: NOT VULNERABLE
    IDs:  CVE:CVE-2007-6750
`;
const VULNERS = `
  cpe:/a:openbsd:openssh:7.4:
    \tCVE-2018-15919\t5.0\thttps://vulners.com/cve/CVE-2018-15919
    \tCVE-2023-38408\t9.8\thttps://vulners.com/cve/CVE-2023-38408
    \tEDB-ID:46516\t10.0\thttps://vulners.com/exploitdb/EDB-ID:46516
    \tCVE-2017-15906\t5.0\thttps://vulners.com/cve/CVE-2017-15906`;

// biome-ignore format: a table reads by column
const SEVERITIES: [what: string, output: string, severity: string | undefined][] = [
  ['nothing',                                       '',                                                                     undefined],
  ['white space',                                   '\n  \n',                                                               undefined],
  ["a script's own error",                          'ERROR: Script execution failed (use -d to debug)',                     undefined],
  ['VULNERABLE with CVSS',                          DOUBLE_PULSAR,                                                          'critical'],
  ['LIKELY VULNERABLE without CVSS',                SLOWLORIS,                                                              'high'],
  ['VULNERABLE (Exploitable)',                      'VULNERABLE:\n  X\n    State: VULNERABLE (Exploitable)\n  CVSSv3: 6.5', 'medium'],
  ['VULNERABLE under a heading alone',              'VULNERABLE:\n  Something old',                                         'high'],
  ['a report without a heading',                    'Something\n    State: VULNERABLE\n    CVSS: 3.9',                      'low'],
  ['CVSS 4.0',                                      'VULNERABLE:\n  X\n    State: VULNERABLE\n  CVSSv4: 9.0',               'critical'],
  ['a score no CVSS can have',                      'VULNERABLE:\n  X\n    State: VULNERABLE\n  CVSSv3: 98',                'high'],
  ['NOT VULNERABLE',                                NOT_VULNERABLE,                                                         'info'],
  ['NOT VULNERABLE and VULNERABLE',                 NOT_VULNERABLE + SLOWLORIS,                                             'high'],
  ['a heading that its state takes back',           'VULNERABLE:\n  X\n    State: NOT VULNERABLE',                          'info'],
  ['a state that could not be tested',              'X\n    State: UNKNOWN (unable to test)\n    VULNERABLE versions: 1',    'info'],
  ['a table of CVEs and scores',                    VULNERS,                                                                'critical'],
  ['CVEs without scores',                           'known: CVE-2020-1234',                                                 'info'],
  ['a word in a page title',                        'Is your site VULNERABLE? CVSSv3: 9.8',                                 'info'],
  ['anything else',                                 'Apache/2.4',                                                           'info'],
];

describe('judgeScript', () => {
  it.each(SEVERITIES)('makes of %s', (_, output, severity) => expect(judgeScript(output)?.severity).toBe(severity));

  it('gives the title, the CVEs and the score of a vulnerability', () => {
    expect(judgeScript(DOUBLE_PULSAR)).toEqual({
      severity: 'critical',
      title: 'Double Pulsar SMB Backdoor',
      cve: [],
      cvss: { version: '2.0', score: 10, vector: 'AV:N/AC:L/Au:N/C:C/I:C/A:C' },
    });
    expect(judgeScript(SLOWLORIS)).toEqual({ severity: 'high', title: 'Slowloris DOS attack', cve: ['CVE-2007-6750'] });
  });

  it('takes of a table the highest score of a CVE, and does not guess by which version of CVSS', () => {
    expect(judgeScript(VULNERS)).toEqual({
      severity: 'critical',
      cve: ['CVE-2018-15919', 'CVE-2023-38408', 'CVE-2017-15906'],
      cvss: { score: 9.8 },
    });
  });

  it('leaves out the CVEs of what is not vulnerable', () => {
    expect(judgeScript(NOT_VULNERABLE)?.cve).toEqual([]);
    const mixed = judgeScript(`${SLOWLORIS}\n${NOT_VULNERABLE.replace('CVE-2007-6750', 'CVE-2011-3192')}`);
    expect(mixed?.cve).toEqual(['CVE-2007-6750']);
  });

  it('writes CVE numbers in capitals, once each, and not without end', () => {
    expect(judgeScript('cve-2020-1234 CVE-2020-1234')?.cve).toEqual(['CVE-2020-1234']);
    const many = Array.from({ length: 2_000 }, (_, i) => `CVE-2020-${10_000 + i}`).join(' ');
    expect(judgeScript(many)?.cve).toHaveLength(500);
  });

  it.each([
    ['headings', 'VULNERABLE:\n'.repeat(50_000)],
    ['indents', `x${' \t'.repeat(100_000)}VULNERABLE:`],
    ['scores', `VULNERABLE:\nState: VULNERABLE\n${'CVSSv3: 9.9 (HIGH) ('.repeat(20_000)}`],
    ['digits', `VULNERABLE\nCVE-2020-${'1'.repeat(400_000)}`],
  ])('judges an output made of many %s without delay', (_, output) => {
    expect(judgeScript(output)).toBeDefined();
  });
});
