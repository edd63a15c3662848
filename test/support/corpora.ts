/** The recorded outputs of scanners in the corpora beside this repository, where they are. */
import { existsSync, readFileSync } from 'node:fs';
import type * as z from 'zod';
import type { ScannerName } from '#shared/scanner/definition.ts';

const CORPORA = new URL('../../../shared/corpora/', import.meta.url);

export interface Corpus<Oracle> {
  readonly name: string;
  readonly path: URL;
  /** What independent readers counted. */
  readonly oracle: Oracle;
}

/** Those of one scanner. Empty where there are no corpora. */
export function corporaOf<S extends z.ZodType>(wanted: ScannerName, Oracle: S): Corpus<z.output<S>>[] {
  const manifest = new URL('manifest.csv', CORPORA);
  if (!existsSync(manifest)) return [];
  return readFileSync(manifest, 'utf8')
    .split('\n')
    .map(csvFields)
    .filter(([scanner]) => scanner === wanted)
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
