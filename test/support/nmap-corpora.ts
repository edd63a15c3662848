/** The nmap files of the corpora beside this repository, where they are. */
import { existsSync, readFileSync } from 'node:fs';
import * as z from 'zod';

const CORPORA = new URL('../../../shared/corpora/', import.meta.url);

/** What independent readers counted. */
const Oracle = z.object({
  hosts: z.int(),
  hosts_up: z.int(),
  ports_open: z.int(),
  version: z.string(),
  exit: z.string().nullable(),
  runstats_total: z.string(),
});

export interface NmapCorpus {
  readonly name: string;
  readonly path: URL;
  readonly oracle: z.output<typeof Oracle>;
}

/** Empty where there are no corpora. */
export function nmapCorpora(): NmapCorpus[] {
  const manifest = new URL('manifest.csv', CORPORA);
  if (!existsSync(manifest)) return [];
  return readFileSync(manifest, 'utf8')
    .split('\n')
    .map(csvFields)
    .filter(([scanner]) => scanner === 'nmap')
    .map(([, path = '', , , , , , , oracle = '']) => ({
      name: path.split('/').slice(-1).join(),
      path: new URL(path.replaceAll('+', '%2B'), CORPORA),
      oracle: Oracle.parse(JSON.parse(oracle)),
    }));
}

/** RFC 4180, of a line without line breaks inside. */
const csvFields = (line: string): string[] =>
  [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  );
