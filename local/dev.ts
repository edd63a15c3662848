/** `npm run dev`: the local service, started again whenever a file of it changes. */
import { watch } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Context } from '#cli/context.ts';
import { type LocalProcess, startProcess } from './process.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const WATCHED = ['shared', 'functions', 'containers', 'local', 'cli'];
/** An editor or a checkout writes several files: they make one restart. */
const SETTLE_MS = 200;
/** How long running scans have to be given back before everything is killed. */
const KILL_AFTER_MS = 20_000;

/** Runs `local/main.ts` with `args` again and again. Resolves with 0 when `context.signal` says so. */
export async function runDev(args: readonly string[], context: Context): Promise<number> {
  const { output, signal } = context;
  let changed = Promise.withResolvers<string>();
  const watchers = WATCHED.map((folder) =>
    watch(join(root, folder), { recursive: true, signal }, (_event, name) => changed.resolve(join(folder, name ?? ''))),
  );
  const aborted = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined)));
  while (!signal.aborted) {
    changed = Promise.withResolvers<string>();
    const child = await start(args, context);
    child.ended.then(({ code }) => code !== 0 && output.message('Ended; it starts again when a file changes.'));
    const file = await Promise.race([changed.promise, aborted]);
    if (file !== undefined) output.message(`${file} changed: starting again.`);
    await Promise.all([child.stop(), delay(SETTLE_MS)]);
  }
  for (const watcher of watchers) watcher.close();
  return 0;
}

async function start(args: readonly string[], { env, output }: Context): Promise<LocalProcess> {
  return startProcess({
    file: process.execPath,
    args: [join(root, 'local/main.ts'), ...args],
    env: Object.fromEntries(
      Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    ),
    cwd: process.cwd(),
    killAfterMs: KILL_AFTER_MS,
    onOutput: (chunk) => void output.write(chunk),
  });
}
