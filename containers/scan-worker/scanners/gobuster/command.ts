/** The gobuster command line for a run: of one target, with its words on stdin. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { CorruptError } from '#shared/errors.ts';
import { GobusterOptions, type WordListName } from '#shared/scanner/gobuster.ts';
import type { Command, ScanRun, ScanTarget } from '../../scanner.ts';
import { WORDS } from '../../word-lists/index.ts';
import { pinned, siteOf } from './site.ts';

const MAX_THREADS = 10;
const HTTP_TIMEOUT = '10s';
/** A request that times out is tried again, so that one slow answer does not make a scan incomplete. */
const RETRIES = 2;
const DNS_TIMEOUT = '5s';

export const gobusterGroups = (targets: readonly ScanTarget[]): readonly (readonly ScanTarget[])[] =>
  targets.map((target) => [target]);

const wordListOf = ({ mode, wordList }: GobusterOptions): WordListName =>
  wordList ?? (mode === 'dir' ? 'paths' : 'names');

export const wordsOf = (options: GobusterOptions): readonly string[] => WORDS[wordListOf(options)];

/** As gobuster reads them. */
const inputOf = (options: GobusterOptions): string => `${wordsOf(options).join('\n')}\n`;

export function gobusterMaterials(options: ScanRun['options']): Readonly<Record<string, string>> {
  const parsed = GobusterOptions.parse(options);
  return { [`words: ${wordListOf(parsed)}`]: createHash('sha256').update(inputOf(parsed)).digest('hex') };
}

/**
 * Never `--quiet`, under which nothing tells of requests that failed. The results are read from the file: what stands on stdout is full of
 * escape codes, whatever `--no-color` says.
 */
export function gobusterCommand(run: ScanRun): Command {
  const options = GobusterOptions.parse(run.options);
  const [target] = run.targets;
  if (target === undefined) throw new CorruptError('target_missing', 'a run of gobuster has no target');
  const outputFile = join(run.directory, 'gobuster.txt');
  const args = [
    ...modeArguments(options, target),
    ...['--wordlist', '-', '--output', outputFile, '--no-color'],
    ...rateArguments(run.requestsPerSecond),
  ];
  return { file: 'gobuster', args, outputFile, input: inputOf(options) };
}

function modeArguments({ mode, extensions, insecureTls }: GobusterOptions, target: ScanTarget): string[] {
  const { host } = siteOf(target.host);
  if (mode === 'dns') return ['dns', '--domain', host, '--show-ips', '--timeout', DNS_TIMEOUT];
  const { url, hostHeader } = pinned(target, { insecureTls });
  const http = [
    ...['--url', url, '--timeout', HTTP_TIMEOUT, '--retry', '--retry-attempts', String(RETRIES)],
    ...(insecureTls ? ['--no-tls-validation'] : []),
  ];
  if (mode === 'vhost') return ['vhost', ...http, '--append-domain', '--domain', host];
  return [
    ...['dir', ...http],
    ...(hostHeader === undefined ? [] : ['--headers', `Host: ${hostHeader}`]),
    ...(extensions.length > 0 ? ['--extensions', extensions.join(',')] : []),
  ];
}

/** Each thread waits between its requests: so all of them together send no more than `perSecond`. */
function rateArguments(perSecond: number): string[] {
  const threads = Math.max(1, Math.min(MAX_THREADS, Math.floor(perSecond)));
  return ['--threads', String(threads), '--delay', `${Math.ceil((1_000 * threads) / perSecond)}ms`];
}
