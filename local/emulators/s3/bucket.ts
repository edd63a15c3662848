/** The objects of one bucket, as files. Every write is a new file that is then renamed: a reader sees the old or the new, a crash leaves the old. */
import { randomUUID } from 'node:crypto';
import { link, mkdir, readdir, rename, rm, rmdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { S3Fault } from './fault.ts';
import { isObject, namesOf, partOf } from './key-path.ts';
import { type Facts, type Given, openStored, type StoredFile, writeStored } from './stored-file.ts';

export interface PutOptions {
  /** If-None-Match: * */
  readonly onlyNew: boolean;
}

export interface Bucket {
  put(body: AsyncIterable<Uint8Array>, given: Given, options: PutOptions): Promise<Facts>;
  open(key: string): Promise<StoredFile | undefined>;
  remove(key: string): Promise<void>;
  /** Keys that begin with `prefix` and come after `after`, in the order of their UTF-8 bytes. */
  keys(prefix: string, after: string): AsyncIterable<string>;
}

/** A folder may vanish, emptied by a `remove`, between its making and its use. */
const MAX_TRIES = 10;

const hasCode = (error: unknown, ...codes: string[]): boolean =>
  codes.includes((error as NodeJS.ErrnoException).code ?? '');

/** `temporary` is a folder on the same file system. */
export function bucketIn(folder: string, temporary: string): Bucket {
  const pathOf = (key: string) => join(folder, ...namesOf(key));

  return {
    async put(body, given, options) {
      const path = pathOf(given.key);
      const written = join(temporary, randomUUID());
      const facts = await writeStored(written, body, given);
      try {
        await commit(written, path, options);
      } catch (error) {
        await rm(written, { force: true });
        throw error;
      }
      return facts;
    },
    open: (key) => openStored(pathOf(key)),
    async remove(key) {
      const path = pathOf(key);
      await rm(path, { force: true });
      await removeEmptyFolders(dirname(path), folder);
    },
    keys: (prefix, after) => keysIn(folder, '', prefix, after),
  };
}

async function commit(from: string, to: string, options: PutOptions): Promise<void> {
  for (let tries = 1; ; tries++) {
    await mkdir(dirname(to), { recursive: true });
    try {
      return await place(from, to, options);
    } catch (error) {
      if (!hasCode(error, 'ENOENT') || tries === MAX_TRIES) throw error;
    }
  }
}

/** A link, unlike a rename, fails where there is something already. */
async function place(from: string, to: string, { onlyNew }: PutOptions): Promise<void> {
  if (!onlyNew) return rename(from, to);
  await link(from, to).catch((error: unknown) => {
    throw hasCode(error, 'EEXIST') ? new S3Fault('PreconditionFailed', undefined, { cause: error }) : error;
  });
  await unlink(from);
}

async function removeEmptyFolders(folder: string, root: string): Promise<void> {
  for (let at = folder; at !== root; at = dirname(at)) {
    try {
      await rmdir(at);
    } catch (error) {
      if (hasCode(error, 'ENOENT')) continue;
      if (hasCode(error, 'ENOTEMPTY', 'EEXIST')) return;
      throw error;
    }
  }
}

/**
 * All keys under a folder share its text, so sorting each folder by the texts its names stand for sorts the whole; and a folder that
 * cannot hold what is asked for is not read.
 */
async function* keysIn(folder: string, base: string, prefix: string, after: string): AsyncIterable<string> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  });
  const entries = names
    .map((name) => ({ name, text: base + partOf(name) }))
    .filter(({ text }) => text.startsWith(prefix) || prefix.startsWith(text))
    .sort((a, b) => compareKeys(a.text, b.text));
  for (const { name, text } of entries) {
    if (isObject(name)) {
      if (text.startsWith(prefix) && compareKeys(text, after) > 0) yield text;
    } else if (compareKeys(text, after) > 0 || after.startsWith(text)) {
      yield* keysIn(join(folder, name), text, prefix, after);
    }
  }
}

/** S3 orders keys by their UTF-8 bytes, which is not how JavaScript orders text. */
const compareKeys = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
