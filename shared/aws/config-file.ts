/** A YAML file by which somebody runs this deployment, from the results bucket. */
import { createHash } from 'node:crypto';
import { NotFoundError, UnavailableError } from '../errors.ts';
import type { Results } from '../finding/results.ts';

const CACHE_MS = 60_000;
/** A file of a thousand rules or instances is far below this. */
const MAX_BYTES = 1024 * 1024;

export interface ConfigFileDeps {
  readonly results: Pick<Results, 'read'>;
  readonly now: () => Date;
}

interface ConfigFile<T> {
  readonly key: string;
  /** What it is, in the words of an error. */
  readonly what: string;
  /** The code of an error. */
  readonly code: string;
  /** Throws for a document that cannot be used. Gets undefined where there is no file, else the SHA-256 of its bytes too. */
  readonly read: (document: unknown, sha256?: string) => T;
}

/**
 * What the file says, at most 60 s old. Throws UnavailableError with the file's code when it is broken or S3 does not answer. Failures
 * are not kept, so a mended file counts at once.
 */
export function configFile<T>({ results, now }: ConfigFileDeps, file: ConfigFile<T>): () => Promise<T> {
  let kept: { said: Promise<T>; until: number } | undefined;
  return () => {
    const at = now().getTime();
    if (kept && at < kept.until) return kept.said;
    const said = load(results, file);
    const entry = { said, until: at + CACHE_MS };
    kept = entry;
    said.catch(() => {
      if (kept === entry) kept = undefined;
    });
    return said;
  };
}

async function load<T>(results: Pick<Results, 'read'>, { key, what, code, read }: ConfigFile<T>): Promise<T> {
  try {
    const file = await readFile(results, key);
    if (file === undefined) return read(undefined);
    // Loaded where there is a file to read: it is a tenth of a submit's cold start.
    const { parse } = await import('yaml');
    const text = new TextDecoder('utf-8', { fatal: true }).decode(file);
    return read(parse(text, { logLevel: 'error' }), createHash('sha256').update(file).digest('hex'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UnavailableError(code, `${what} ${key} cannot be used: ${why}`, { cause: error });
  }
}

async function readFile(results: Pick<Results, 'read'>, key: string): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of results.read(key)) {
      bytes += chunk.length;
      if (bytes > MAX_BYTES) throw new RangeError(`it is larger than ${MAX_BYTES} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
  return Buffer.concat(chunks);
}
