import { describe, expect, it } from 'vitest';
import type { ScanRun } from '#containers/scan-worker/scanner.ts';
import { nucleiCommand, nucleiGroups } from '#containers/scan-worker/scanners/nuclei/command.ts';
import { named, runOf } from '#test/support/nmap.ts';

const SETTINGS = { binary: '/opt/nuclei/nuclei', templates: '/opt/templates' };
const SITE = named('https://app.example/shop', '192.0.2.7');

const argsOf = (target = SITE, options: ScanRun['options'] = {}) =>
  nucleiCommand(runOf([target], options), SETTINGS).args;
const flagValue = (args: readonly string[], flag: string) =>
  args.includes(flag) ? args[args.indexOf(flag) + 1] : undefined;

describe('the command line of nuclei', () => {
  it('is the configured program with pinned templates, and nothing that leads elsewhere', () => {
    const { file, args, env, input } = nucleiCommand({ ...runOf([SITE]), requestsPerSecond: 7 }, SETTINGS);
    expect({ file, env, input }).toEqual({ file: '/opt/nuclei/nuclei', env: undefined, input: undefined });
    expect(args).toEqual([
      ...['-target', 'https://app.example/shop', '-templates', '/opt/templates'],
      ...['-jsonl', '-stats', '-stats-json', '-stats-interval', '1', '-metrics-port', '0'],
      ...['-no-color', '-disable-update-check', '-no-interactsh', '-disable-redirects'],
      ...['-rate-limit', '7', '-max-host-error', '30', '-restrict-local-network-access'],
      ...['-exclude-tags', 'bruteforce,brute-force,dos,fuzz,intrusive', '-exclude-type', 'code,file,headless'],
    ]);
  });

  it('has the options that were asked for', () => {
    const options = { severity: ['high', 'critical'], tags: ['wordpress', 'cve'], templateIds: ['CVE-2021-44228'] };
    const args = argsOf(SITE, options);
    expect([flagValue(args, '-severity'), flagValue(args, '-tags'), flagValue(args, '-template-id')]).toEqual([
      'high,critical',
      'wordpress,cve',
      'CVE-2021-44228',
    ]);
  });

  it.each([
    [3, '3'],
    [1_000, '7'],
    [undefined, '7'],
  ])('with rateLimit %s and 7 a second allowed sends at most %s', (rateLimit, expected) => {
    const options = rateLimit === undefined ? {} : { rateLimit };
    const { args } = nucleiCommand({ ...runOf([SITE], options), requestsPerSecond: 7 }, SETTINGS);
    expect(flagValue(args, '-rate-limit')).toBe(expected);
  });

  it.each(['127.0.0.1', '10.1.2.3', '::1'])('does not close private networks for %s, which lies in one', (address) => {
    expect(argsOf(named('app.example', address))).not.toContain('-restrict-local-network-access');
  });

  it('puts an IPv6 address into brackets', () => {
    expect(flagValue(argsOf(named('2001:db8::1')), '-target')).toBe('[2001:db8::1]');
  });

  it('is for one target', () => {
    const [one, two] = [named('192.0.2.1'), named('192.0.2.2')];
    expect(nucleiGroups([one, two])).toEqual([[one], [two]]);
    expect(() => nucleiCommand(runOf([]), SETTINGS)).toThrow('no target');
  });
});
