/** Which layout a state folder has, so that one which another version of scanfleet made is not taken for a broken one. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { ConflictError, CorruptError } from '#shared/errors.ts';

/** Raised when what lies in the folder changes in a way that this version could not read, or the one before could not. */
const LAYOUT = 1;
const Mark = z.object({ layout: z.int().min(1) });

/**
 * Marks a folder that has no mark: it is new. Throws ConflictError `state_layout` for one of another layout than `known`, CorruptError
 * `layout_unreadable`.
 */
export async function claimLayout(directory: string, known = LAYOUT): Promise<void> {
  const file = join(directory, 'layout.json');
  const layout = await readLayout(file);
  if (layout === undefined) await writeFile(file, `${JSON.stringify({ layout: known })}\n`, { mode: 0o600 });
  else if (layout !== known) {
    const [maker, remedy] = layout > known ? ['a newer', 'update scanfleet'] : ['an older', 'start that version'];
    throw new ConflictError(
      'state_layout',
      `${directory} was made by ${maker} scanfleet (layout ${layout}, not ${known}): ${remedy}, choose another folder with --state, or start once with --fresh to forget what is in it`,
    );
  }
}

async function readLayout(file: string): Promise<number | undefined> {
  try {
    return Mark.parse(JSON.parse(await readFile(file, 'utf8'))).layout;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    const message = `${file} cannot be used; start once with --fresh to forget what is in its folder`;
    throw new CorruptError('layout_unreadable', message, { cause });
  }
}
