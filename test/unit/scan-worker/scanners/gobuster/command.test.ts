import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ScanRun, ScanTarget } from '#containers/scan-worker/scanner.ts';
import {
  gobusterCommand,
  gobusterGroups,
  gobusterMaterials,
} from '#containers/scan-worker/scanners/gobuster/command.ts';
import { gobusterProgress } from '#containers/scan-worker/scanners/gobuster/progress.ts';
import { WORDS } from '#containers/scan-worker/word-lists/index.ts';
import { GobusterOptions } from '#shared/scanner/gobuster.ts';
import { named, runOf } from '#test/support/nmap.ts';

const SITE = named('http://app.example:8080/shop', '192.0.2.7');
const commandFor = (target: ScanTarget, options: ScanRun['options'] = {}) =>
  gobusterCommand({ ...runOf([target], options), requestsPerSecond: 100, directory: '/run' });
const OUTPUT = [
  '--wordlist',
  '-',
  '--output',
  '/run/gobuster.txt',
  '--no-color',
  '--threads',
  '10',
  '--delay',
  '100ms',
];
const HTTP = ['--timeout', '10s', '--retry', '--retry-attempts', '2'];

describe('what gobuster scans by', () => {
  it('is its word list, by the hash of what it is given', () => {
    const sha256 = (text = '') => createHash('sha256').update(text).digest('hex');
    expect(gobusterMaterials({})).toEqual({ 'words: paths': sha256(commandFor(SITE).input) });
    const dns = { mode: 'dns' };
    expect(gobusterMaterials(dns)).toEqual({ 'words: names': sha256(commandFor(SITE, dns).input) });
  });
});

describe('the command line of gobuster', () => {
  it('asks the address that was checked for the paths of a name', () => {
    const { file, args, input, outputFile } = commandFor(SITE);
    expect([file, outputFile]).toEqual(['gobuster', '/run/gobuster.txt']);
    expect(args).toEqual([
      ...['dir', '--url', 'http://192.0.2.7:8080/shop/', ...HTTP],
      ...['--headers', 'Host: app.example:8080', ...OUTPUT],
    ]);
    expect(input?.split('\n')).toEqual([...WORDS.paths, '']);
  });

  // biome-ignore format: a table reads by column
  it.each([
    ['https, where the certificate is chosen by the name', named('https://app.example/', '192.0.2.7'),      ['https://app.example/']],
    ['an address',                                         named('192.0.2.7'),                              ['http://192.0.2.7/']],
    ['an IPv6 address',                                    named('2001:db8::1'),                            ['http://[2001:db8::1]/']],
    ['a name of an IPv6 address',                          named('app.example', '2001:db8::1'),             ['http://[2001:db8::1]/', 'Host: app.example']],
    ['a URL with a query',                                 named('http://192.0.2.7/a?b=1', '192.0.2.7'),    ['http://192.0.2.7/a/']],
  ])('points to %s', (_, target, [url, header]) => {
    const { args } = commandFor(target);
    expect(args[args.indexOf('--url') + 1]).toBe(url);
    expect(args.includes('--headers') ? args[args.indexOf('--headers') + 1] : undefined).toBe(header);
  });

  it('asks the address that was checked through https too, where the certificate would not show whose it is', () => {
    const { args } = commandFor(named('https://app.example:8443/', '192.0.2.7'), { insecureTls: true });
    expect(args.join(' ')).toContain('--url https://192.0.2.7:8443/ ');
    expect(args.join(' ')).toContain('--headers Host: app.example:8443');
  });

  it('tries extensions and takes any certificate only when asked to', () => {
    const { args } = commandFor(SITE, { extensions: ['php', 'bak'], insecureTls: true });
    expect(args.join(' ')).toContain('--no-tls-validation --headers Host: app.example:8080 --extensions php,bak');
    expect(commandFor(SITE).args).not.toContain('--no-tls-validation');
  });

  it('looks for virtual hosts at the address', () => {
    expect(commandFor(SITE, { mode: 'vhost' }).args).toEqual([
      ...[
        'vhost',
        '--url',
        'http://192.0.2.7:8080/shop/',
        ...HTTP,
        '--append-domain',
        '--domain',
        'app.example',
        ...OUTPUT,
      ],
    ]);
  });

  it('looks for names under the domain', () => {
    const { args, input } = commandFor(SITE, { mode: 'dns' });
    expect(args).toEqual(['dns', '--domain', 'app.example', '--show-ips', '--timeout', '5s', ...OUTPUT]);
    expect(input?.split('\n')).toEqual([...WORDS.names, '']);
  });

  it.each([
    [1, '1', '1000ms'],
    [7, '7', '1000ms'],
    [30, '10', '334ms'],
    [150, '10', '67ms'],
    [100_000, '10', '1ms'],
  ])('with %s a second allowed has %s threads that wait %s each', (requestsPerSecond, threads, delay) => {
    const { args } = gobusterCommand({ ...runOf([SITE]), requestsPerSecond });
    expect(args.slice(-4)).toEqual(['--threads', threads, '--delay', delay]);
  });

  it.each([{}, { mode: 'vhost' }, { mode: 'dns' }, { wordList: 'names' }])(
    'never silences what failed: %j',
    (options) => {
      for (const flag of ['-q', '--quiet', '--no-error', '-z', '--no-progress', '-r', '--follow-redirect'])
        expect(commandFor(SITE, options).args).not.toContain(flag);
    },
  );

  it('is for one target', () => {
    const [one, two] = [named('192.0.2.1'), named('192.0.2.2')];
    expect(gobusterGroups([one, two])).toEqual([[one], [two]]);
    expect(() => gobusterCommand(runOf([]))).toThrow('no target');
  });
});

describe('the options of gobuster', () => {
  it.each([
    ['a file for a word list', { wordList: '/etc/passwd' }],
    ['a flag', { '--proxy': 'http://127.0.0.1' }],
    ['an extension that is more', { extensions: ['php,../x'] }],
    ['extensions of names', { mode: 'dns', extensions: ['php'] }],
  ])('refuse %s', (_, options) => expect(GobusterOptions.safeParse(options).success).toBe(false));
});

describe('the word lists', () => {
  it.each(Object.entries(WORDS))('%s: each word once, and none that is more than a word', (_, words) => {
    expect(words.length).toBeGreaterThan(200);
    expect(new Set(words).size).toBe(words.length);
    for (const word of words) expect(word).toMatch(/^[A-Za-z0-9._/-]+$/);
  });
});

it('the progress of gobuster is the part of the words it has tried', () => {
  const progress = gobusterProgress(runOf([SITE], { extensions: ['php'] }));
  const total = 2 * WORDS.paths.length;
  const after = (text: string) => {
    progress.write('stderr', Buffer.from(text));
    return progress.latest();
  };
  expect(after('hello\n')).toBeUndefined();
  expect(after('\r\u001b[2KProgress: 22\r')).toEqual({
    current: 22,
    total,
    percent: Math.floor(2_200 / total),
    message: 'dir',
  });
  expect(after(`\r\u001b[2KProgress: ${total}\r`)?.percent).toBe(99);
});
