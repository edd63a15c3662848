/**
 * Where the local service keeps what it knows between runs: one private folder, used by one service at a time.
 *
 *   layout.json    which version of this layout it has           policy.yaml   which targets may be scanned; yours to edit
 *   scanners.yaml  servers that scanners run on; yours to edit
 *   keys.json      identities and their keys, made once          evidence-key.pem   the key that signs evidence, likewise
 *   local.json     endpoint and keys, where the CLI finds them; there while the service runs
 *   dynamodb.db    the table        s3/   the bucket             service.log   log lines of functions and workers
 *   tmp/           what workers need while they scan
 */
import { rmSync } from 'node:fs';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ForbiddenError } from '#shared/errors.ts';
import { claimLayout } from './state-layout.ts';
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
  readonly evidenceKeyFile: string;
  readonly localFile: string;
  readonly policyFile: string;
  readonly scannersFile: string;
  readonly logFile: string;
  /** Undefined: in memory. */
  readonly databaseFile: string | undefined;
  readonly objectsDirectory: string;
  /** Empty at the start, whatever a service that was killed left there. */
  readonly temporaryDirectory: string;
}

const DEFAULT_POLICY = fileURLToPath(new URL('default-policy.yaml', import.meta.url));
const DEFAULT_SCANNERS = fileURLToPath(new URL('default-scanners.yaml', import.meta.url));
const EPHEMERAL_PREFIX = 'scanfleet-ephemeral-';
/**
 * A service shows that it lives by its folder's time: its lock is seen by processes of the same network namespace alone (unix(7)), and
 * containers may share a temporary folder without sharing that.
 */
const ALIVE_EVERY_MS = 15_000;
const ABANDONED_AFTER_MS = 300_000;
/** What `fresh` removes, and nothing else: the folder may be one that holds more. SQLite writes `-wal` and `-shm` beside its database. */
const FORGOTTEN = /^(layout\.json|keys\.json|evidence-key\.pem|local\.json|dynamodb\.db(-\w+)?|s3)$/;

/** Throws ConflictError `state_in_use` or `state_layout`, ForbiddenError `state_not_writable`. */
export async function openState({ directory, fresh, ephemeral }: StateOptions): Promise<State> {
  await using undo = new AsyncDisposableStack();
  const path = await makeFolder(directory, ephemeral);
  if (ephemeral) {
    undo.defer(removeAtEnd(path));
    undo.defer(showAlive(path));
  }
  undo.defer(await lockState(path));
  if (fresh) await forget(path);
  await claimLayout(path);
  const files = {
    directory: path,
    keysFile: join(path, 'keys.json'),
    evidenceKeyFile: join(path, 'evidence-key.pem'),
    localFile: join(path, 'local.json'),
    policyFile: join(path, 'policy.yaml'),
    scannersFile: join(path, 'scanners.yaml'),
    logFile: join(path, 'service.log'),
    databaseFile: ephemeral ? undefined : join(path, 'dynamodb.db'),
    objectsDirectory: join(path, 's3'),
    temporaryDirectory: join(path, 'tmp'),
  };
  await rm(files.temporaryDirectory, { recursive: true, force: true });
  await mkdir(files.temporaryDirectory, { mode: 0o700 });
  await copyUnlessThere(DEFAULT_POLICY, files.policyFile);
  await copyUnlessThere(DEFAULT_SCANNERS, files.scannersFile);
  await rename(files.logFile, join(path, 'service.previous.log')).catch(unless('ENOENT'));
  const held = undo.move();
  return { ...files, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

async function copyUnlessThere(from: string, to: string): Promise<void> {
  await writeFile(to, await readFile(from), { mode: 0o600, flag: 'wx' }).catch(unless('EEXIST'));
}

async function makeFolder(directory: string, ephemeral: boolean): Promise<string> {
  try {
    if (ephemeral) {
      await removeAbandoned(tmpdir());
      return await realpath(await mkdtemp(join(tmpdir(), EPHEMERAL_PREFIX)));
    }
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

/** By the returned function, or when this process exits without having called it. */
function removeAtEnd(path: string): () => Promise<void> {
  const atExit = () => rmSync(path, { recursive: true, force: true });
  process.once('exit', atExit);
  return async () => {
    await rm(path, { recursive: true, force: true });
    process.off('exit', atExit);
  };
}

/** Until the returned function is called. */
function showAlive(path: string): () => void {
  const beat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, ALIVE_EVERY_MS).unref();
  return () => clearInterval(beat);
}

/** Ephemeral states of services that were killed: ours, unlocked, and silent for a while. */
async function removeAbandoned(folder: string): Promise<void> {
  const names = await readdir(folder);
  for (const name of names.filter((one) => one.startsWith(EPHEMERAL_PREFIX))) {
    const path = join(await realpath(folder), name);
    const info = await stat(path).catch(() => undefined);
    if (info?.uid !== process.getuid?.() || Date.now() - (info?.mtimeMs ?? 0) < ABANDONED_AFTER_MS) continue;
    const unlock = await lockState(path).catch(() => undefined);
    if (unlock === undefined) continue;
    await rm(path, { recursive: true, force: true });
    await unlock();
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
