/** One hash for all that lies in a folder. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { concurrently } from '#shared/concurrently.ts';

/** Files that are read side by side. */
const AT_ONCE = 16;

/** SHA-256 over the lines `<SHA-256 of the file>  <path>` of its regular files in order of their paths, as `sha256sum` prints them. */
export async function folderHash(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)))
    .sort();
  const whole = createHash('sha256');
  const lines = concurrently(paths, AT_ONCE, async (path) => {
    const content = await readFile(join(folder, path));
    return `${createHash('sha256').update(content).digest('hex')}  ${path}\n`;
  });
  for await (const line of lines) whole.update(line);
  return whole.digest('hex');
}
