/**
 * Where the local service keeps what it knows between runs: one private folder, used by one service at a time.
 *
 *   keys.json      identities and their keys, made once          policy.yaml   which targets may be scanned; yours to edit
 *   local.json     endpoint and keys, where the CLI finds them; there while the service runs
 *   dynamodb.db    the table        s3/   the bucket             service.log   log lines of functions and workers
 */
import { chmod, mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ForbiddenError } from '#shared/errors.ts';
import { lockState } from './state-lock.ts';

export interface StateOptions {
  readonly directory: string;
  /** Forgets jobs, results and keys first; the policy stays. */
  readonly fresh: boolean;
  /** A temporary folder instead, removed at the end. */
  readonly ephemeral: boolean;
}

export interface State extends AsyncDisposable {
  /** Absolute, without symbolic links. */
  readonly directory: string;
  readonly keysFile: string;
  readonly localFile: string;
  readonly policyFile: string;
  readonly logFile: string;
  /** Undefined: in memory. */
  readonly databaseFile: string | undefined;
  readonly objectsDirectory: string;
}

const DEFAULT_POLICY = fileURLToPath(new URL('default-policy.yaml', import.meta.url));
/** What `fresh` removes, and nothing else: the folder may be one that holds more. SQLite writes `-wal` and `-shm` beside its database. */
const FORGOTTEN = /^(keys\.json|local\.json|dynamodb\.db(-\w+)?|s3)$/;

/** Throws ConflictError `state_in_use`, ForbiddenError `state_not_writable`. */
export async function openState({ directory, fresh, ephemeral }: StateOptions): Promise<State> {
  await using undo = new AsyncDisposableStack();
  const path = await makeFolder(directory, ephemeral);
  if (ephemeral) undo.defer(() => rm(path, { recursive: true, force: true }));
  undo.defer(await lockState(path));
  if (fresh) await forget(path);
  const files = {
    directory: path,
    keysFile: join(path, 'keys.json'),
    localFile: join(path, 'local.json'),
    policyFile: join(path, 'policy.yaml'),
    logFile: join(path, 'service.log'),
    databaseFile: ephemeral ? undefined : join(path, 'dynamodb.db'),
    objectsDirectory: join(path, 's3'),
  };
  await writeFile(files.policyFile, await readFile(DEFAULT_POLICY), { mode: 0o600, flag: 'wx' }).catch(
    unless('EEXIST'),
  );
  await rename(files.logFile, join(path, 'service.previous.log')).catch(unless('ENOENT'));
  const held = undo.move();
  return { ...files, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

async function makeFolder(directory: string, ephemeral: boolean): Promise<string> {
  try {
    if (ephemeral) return await realpath(await mkdtemp(join(tmpdir(), 'scanfleet-')));
    await mkdir(resolve(directory), { recursive: true });
    await chmod(directory, 0o700);
    return await realpath(directory);
  } catch (cause) {
    const where = ephemeral ? tmpdir() : resolve(directory);
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `cannot keep state in ${where} (${why}); name a folder of yours with --state, or use --ephemeral`;
    throw new ForbiddenError('state_not_writable', message, [], { cause });
  }
}

async function forget(path: string): Promise<void> {
  const names = await readdir(path);
  await Promise.all(
    names.filter((name) => FORGOTTEN.test(name)).map((name) => rm(join(path, name), { recursive: true, force: true })),
  );
}

const unless = (code: string) => (error: NodeJS.ErrnoException) => {
  if (error.code !== code) throw error;
};
