import { describe, expect, it } from 'vitest';
import type { ScanTarget } from '#containers/scan-worker/scanner.ts';
import { nmapCommand, nmapGroups } from '#containers/scan-worker/scanners/nmap/command.ts';
import { NMAP_SCRIPT_CATEGORIES } from '#shared/scanner/nmap.ts';
import { member, named, runOf } from '#test/support/nmap.ts';

const ONE = [named('192.0.2.1')];
const NET = '192.0.2.0/30';
const line = (targets: readonly ScanTarget[], options = {}, privileged = true) =>
  nmapCommand(runOf(targets, options), privileged).args.join(' ');

describe('nmapCommand', () => {
  it('writes XML with progress to stdout, resolves no names, and always limits the time for a host and the rate', () => {
    expect(nmapCommand(runOf(ONE), true)).toEqual({
      file: 'nmap',
      args: [
        '-oX',
        '-',
        '--stats-every',
        '1s',
        '-n',
        '-Pn',
        '-T4',
        '--host-timeout',
        '900s',
        '--max-rate',
        '1000',
        '-iL',
        '-',
      ],
      input: '192.0.2.1\n',
    });
  });

  it.each([
    ['ports', { ports: '22,80,8000-8100' }, '-p 22,80,8000-8100'],
    ['the most common ports', { topPorts: 100 }, '--top-ports 100'],
    ['service detection', { serviceDetection: true }, '-sV'],
    ['timing', { timing: 2 }, '-T2'],
    ['the host timeout', { hostTimeoutSeconds: 60 }, '--host-timeout 60s'],
    ['script categories', { scripts: ['default', 'vuln'] }, '--script (default or vuln) and not ('],
  ])('passes on %s', (_, options, expected) => expect(line(ONE, options)).toContain(expected));

  it('asks no faster than the run may, whatever the options say', () => {
    const run = { ...runOf(ONE, { requestsPerSecond: 900, timing: 5 }), requestsPerSecond: 250 };
    for (const privileged of [true, false])
      expect(nmapCommand(run, privileged).args.join(' ')).toContain('--max-rate 250');
  });

  it.each(NMAP_SCRIPT_CATEGORIES)('keeps scripts of %s from running that do harm or leave the targets', (category) => {
    const { args } = nmapCommand(runOf(ONE, { scripts: [category] }), true);
    expect(args[args.indexOf('--script') + 1]).toBe(
      `(${category}) and not (broadcast or brute or dos or exploit or external or fuzzer or intrusive or malware)`,
    );
  });

  it('asks for no scripts and no ports unless told to', () => {
    for (const option of ['--script', '-p', '--top-ports', '-sV']) expect(line(ONE).split(' ')).not.toContain(option);
  });

  it('names a connect scan where raw sockets are not to be had', () => {
    expect(line(ONE, {}, false)).toContain('-sT --unprivileged');
    expect(line(ONE, {}, true)).not.toContain('-sT');
  });

  it('checks the members of a range for life, but not what was named itself', () => {
    expect(line([member(NET, '192.0.2.1')]).split(' ')).not.toContain('-Pn');
    expect(line([named('https://app.example/', '192.0.2.1')]).split(' ')).toContain('-Pn');
  });

  it('says that addresses are IPv6', () => {
    expect(line([named('2001:db8::1')]).split(' ')).toContain('-6');
    expect(line(ONE).split(' ')).not.toContain('-6');
  });

  it('gives each address once, on stdin, and never a name', () => {
    const targets = [named('a.example', '192.0.2.1'), named('b.example', '192.0.2.1'), named('192.0.2.2')];
    const { args, input } = nmapCommand(runOf(targets), true);
    expect(input).toBe('192.0.2.1\n192.0.2.2\n');
    expect(args.slice(-2)).toEqual(['-iL', '-']);
  });

  it.each(['-oN', 'a.example', '192.0.2.1-9', '192.0.2.0/24', '192.0.2.1\n192.0.2.2', ''])(
    'refuses %j where an address must be',
    (address) => expect(() => line([named('a.example', address)])).toThrow('is not an IP address'),
  );

  it('refuses options that the schema does not know', () => {
    expect(() => line(ONE, { flags: '--script=exploit' })).toThrow();
  });
});

describe('nmapGroups', () => {
  it('parts IPv4 from IPv6, and members of a range from what was named itself', () => {
    const targets = [
      named('192.0.2.9'),
      named('2001:db8::9'),
      member(NET, '192.0.2.1'),
      member(NET, '192.0.2.2'),
      member('2001:db8::/126', '2001:db8::1'),
      named('a.example', '198.51.100.7'),
    ];
    expect(nmapGroups(targets).map((group) => group.map(({ host }) => host))).toEqual([
      ['192.0.2.9', 'a.example'],
      ['2001:db8::9'],
      ['192.0.2.1', '192.0.2.2'],
      ['2001:db8::1'],
    ]);
  });

  it('scans an address that was named and lies in a range once, without asking whether it is alive', () => {
    const targets = [member(NET, '192.0.2.1'), member(NET, '192.0.2.2'), named('a.example', '192.0.2.1')];
    expect(nmapGroups(targets)).toEqual([[targets[0], targets[2]], [targets[1]]]);
  });

  it('knows an IPv6 address in every spelling', () => {
    expect(nmapGroups([member('2001:db8::/126', '2001:db8:0::1'), named('2001:DB8::1')])).toHaveLength(1);
  });

  it('makes no group of nothing', () => expect(nmapGroups([])).toEqual([]));
});
