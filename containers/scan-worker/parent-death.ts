/**
 * Children that do not outlive the process that started them, however it ends: the kernel kills them when it is gone (prctl(2),
 * PR_SET_PDEATHSIG), which setpriv of util-linux arranges before it becomes the program itself.
 */
import { accessSync, constants } from 'node:fs';
import { readlink } from 'node:fs/promises';
import { setImmediate as turn } from 'node:timers/promises';

const SETPRIV = '/usr/bin/setpriv';

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What to start, so that `file` runs with `args` and dies with us; where setpriv is missing, without that. `flags` are setpriv's own. */
export const mortal = (
  file: string,
  args: readonly string[],
  flags: readonly string[] = [],
): [string, readonly string[]] =>
  isExecutable(SETPRIV) ? [SETPRIV, ['--pdeathsig', 'KILL', ...flags, '--', file, ...args]] : [file, args];

/**
 * Resolves when the process is the program and no longer setpriv, or gone. Before that it would outlive us: the kernel tells nobody of a
 * parent that died before it was asked to.
 */
export async function untilMortal(pid: number): Promise<void> {
  while ((await readlink(`/proc/${pid}/exe`).catch(() => undefined)) === SETPRIV) await turn();
}
