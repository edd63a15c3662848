/** gobuster: what a server has that nothing links to, found by trying words: paths, virtual hosts, names under a domain. */
import * as z from 'zod';
import { parseAddress } from '../target/address.ts';
import { RequestsPerSecond, type ScannerDefinition } from './definition.ts';

/** What the words are tried as. */
export const GOBUSTER_MODES = ['dir', 'vhost', 'dns'] as const;
export type GobusterMode = (typeof GOBUSTER_MODES)[number];

/** Shipped with the worker (containers/scan-worker/word-lists): a caller names one, and never a file. */
export const WORD_LISTS = ['paths', 'names'] as const;
export type WordListName = (typeof WORD_LISTS)[number];

export const GobusterOptions = z
  .strictObject({
    mode: z.enum(GOBUSTER_MODES).default('dir').describe('dir: paths; vhost: virtual hosts; dns: names under a domain'),
    wordList: z.enum(WORD_LISTS).optional().describe('paths for dir, names for vhost and dns, when absent'),
    extensions: z
      .array(z.string().regex(/^[a-z0-9]{1,10}$/, 'must be 1 to 10 lower-case letters or digits, without a dot'))
      .max(10)
      .default([])
      .describe('Of dir: each word is tried with each of them too'),
    insecureTls: z
      .boolean()
      .default(false)
      .describe("Of dir and vhost: go on where the server's certificate cannot be verified"),
    requestsPerSecond: RequestsPerSecond,
  })
  .refine(({ mode, extensions }) => mode === 'dir' || extensions.length === 0, {
    path: ['extensions'],
    message: 'are for mode dir only',
  });
export type GobusterOptions = z.output<typeof GobusterOptions>;

export const gobusterDefinition: ScannerDefinition = {
  name: 'gobuster',
  title: 'Paths, virtual hosts and names, by trying words',
  options: GobusterOptions,
  workerSize: 'small',
  accepts: ['host', 'address', 'url'],
  refuses({ host }, options) {
    const { mode } = GobusterOptions.parse(options);
    if (mode === 'dir' || parseAddress(host) === undefined) return undefined;
    return `gobuster finds no names under an address; allowed with options.mode ${mode}: a host name, or a URL with one`;
  },
};
