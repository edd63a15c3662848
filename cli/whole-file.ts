/** Writing a file so that it is there whole or not at all. */
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ValidationError } from '#shared/errors.ts';

/**
 * Writes `chunks` beside `path` and renames the result into place once it is on the disk: a reader sees the old file or the new one.
 * When anything fails, `chunks` included, the old file stays and nothing is left behind. Throws ValidationError naming `field` for a
 * place that cannot be written to, else what failed.
 */
export async function writeWholeFile(path: string, chunks: AsyncIterable<Uint8Array>, field: string): Promise<number> {
  const target = await placeOf(path, field);
  const partial = join(dirname(target), `.scanfleet-${randomBytes(8).toString('hex')}.partial`);
  const file = await open(partial, 'wx').catch((cause: Error) => {
    throw new ValidationError([{ field, message: `cannot be written: ${cause.message}` }], { cause });
  });
  try {
    const bytes = await fill(file, chunks);
    await rename(partial, target);
    await syncFolder(dirname(target));
    return bytes;
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/** Where a link leads; a device or pipe would be replaced by a file, which nobody means. */
async function placeOf(path: string, field: string): Promise<string> {
  const info = await stat(path).catch(() => undefined);
  if (!info) return path;
  if (!info.isFile())
    throw new ValidationError([
      { field, message: `is not a regular file: ${path}; to write elsewhere leave it out and redirect` },
    ]);
  return realpath(path);
}

async function fill(file: FileHandle, chunks: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0;
  try {
    for await (const chunk of chunks) {
      await file.writeFile(chunk);
      bytes += chunk.length;
    }
    await file.sync();
    return bytes;
  } finally {
    await file.close();
  }
}

/** A rename is on the disk when its folder is. Some file systems cannot sync a folder; the file itself is safe then. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}
