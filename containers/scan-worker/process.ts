/**
 * The one place a scanner process starts. Never a shell; a group and session of its own; an environment of four variables; no
 * descriptor of the worker's but three pipes. However the run ends, nothing of the group is left behind:
 * - cancel, timeout or too much output: SIGTERM to the group, SIGKILL to the group 5 s later;
 * - too much memory or too many processes (process-watch.ts): SIGKILL at once;
 * - the leader exits: SIGKILL at once to whatever remains of its group;
 * - the worker exits: SIGKILL to the group;
 * - the worker is killed with SIGKILL: the kernel kills the leader (parent-death.ts); with no_new_privs, as a set-user-id program would
 *   lose that setting. Where setpriv is missing, and for children that outlive their leader, the scanner's own time limits are the bound.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { environment } from '#shared/env.ts';
import { isExecutable, mortal } from './parent-death.ts';
import { processGroup, signal } from './process-group.ts';
import { type ProcessWatch, scannerWatch } from './process-watch.ts';
import type { Command, Exit, RunOptions } from './scanner.ts';
import { type StderrTail, stderrTail } from './stderr-tail.ts';

export interface ProcessOptions extends RunOptions {
  /** Working directory, HOME and TMPDIR of the process. Private to it; the caller removes it. */
  readonly directory: string;
  /** Gets stdout piece by piece; the next piece, and in the end the process itself, waits for the promise. */
  onStdout(chunk: Uint8Array): void | Promise<void>;
  /** From SIGTERM to SIGKILL. */
  readonly killAfterMs?: number;
  /** Of memory and processes; that of all scanners when absent. */
  readonly watch?: ProcessWatch;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;
type Ending = Pick<Exit, 'code' | 'signal' | 'reason'>;

/** How long a pipe may stay silent after the leader is gone: then somebody who left the group holds it open. */
const LINGER_MS = 2_000;

/** Runs `command` to its end, which is a value. Rejects only with what `onStdout` or `onStderr` threw, once the process is gone. */
export async function runProcess(command: Command, options: ProcessOptions): Promise<Exit> {
  const startedAt = performance.now();
  const tail = stderrTail();
  const ending = await startAndFollow(command, options, tail);
  return { ...ending, stderrTail: tail.text(), durationMs: Math.round(performance.now() - startedAt) };
}

async function startAndFollow(command: Command, options: ProcessOptions, tail: StderrTail): Promise<Ending> {
  if (options.signal.aborted) return { code: null, signal: null, reason: 'cancelled' };
  let child: Child;
  try {
    child = await start(command, options.directory);
  } catch (error) {
    tail.write(Buffer.from(String(error)));
    return { code: null, signal: null, reason: 'not_started' };
  }
  child.stdin.on('error', () => undefined).end(command.input);
  return follow(child, options, tail);
}

/** Rejects when there is no such program, or no process to be had. */
async function start(command: Command, directory: string): Promise<Child> {
  const { PATH = '' } = environment();
  const file = command.file.includes('/') ? command.file : findProgram(command.file, PATH);
  if (file === undefined || !isExecutable(file)) throw new Error(`no executable ${command.file} on PATH ${PATH}`);
  const child = spawn(...mortal(file, command.args, ['--no-new-privs']), {
    cwd: directory,
    detached: true,
    env: { PATH, HOME: directory, TMPDIR: directory, LANG: 'C.UTF-8', ...command.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  if (child.pid !== undefined) yieldToWorker(child.pid);
  await once(child, 'spawn');
  return child;
}

/** Whatever it computes, heartbeats and cancels come first. What it starts inherits that (setpriority(2)). */
function yieldToWorker(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It has ended already.
  }
}

/** The executable that a shell would find under that name, or undefined. */
export const findProgram = (name: string, path: string): string | undefined =>
  path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find(isExecutable);

/** Hands both streams on, and stops the process when it must be, until it is gone and its pipes are read to their end. */
async function follow(child: Child, options: ProcessOptions, tail: StderrTail): Promise<Ending> {
  const group = processGroup(child.pid as number, options.killAfterMs);
  let reason: Exit['reason'] = 'exited';
  const stop = (why: 'cancelled' | 'timed_out' | 'output_cap') => {
    if (reason === 'exited') reason = why;
    group.stop();
  };
  const onAbort = () => stop('cancelled');
  options.signal.addEventListener('abort', onAbort);
  if (options.signal.aborted) onAbort();
  const timeout = setTimeout(stop, options.timeoutMs, 'timed_out');
  const unwatch = (options.watch ?? scannerWatch).add(child.pid as number, (excess, pids) => {
    if (reason === 'exited') reason = excess;
    for (const pid of pids) signal(pid, 'SIGKILL');
  });

  const linger = lingerOver([child.stdout, child.stderr]);
  const read = (stream: Readable, deliver: (chunk: Uint8Array) => void | Promise<void>) =>
    readAll(stream, group.stop, (chunk) => linger.during(async () => deliver(chunk)));
  const reading = Promise.all([
    read(
      child.stdout,
      capped(options.maxOutputBytes, options.onStdout, () => stop('output_cap')),
    ),
    read(child.stderr, (chunk) => {
      tail.write(chunk);
      options.onStderr(chunk);
    }),
  ]);
  const exited = new Promise<Pick<Exit, 'code' | 'signal'>>((resolve) => {
    child.once('exit', (code, signal) => {
      group.end();
      linger.begin();
      clearTimeout(timeout);
      unwatch();
      options.signal.removeEventListener('abort', onAbort);
      resolve({ code, signal });
    });
  });
  const [exit] = await Promise.all([exited, Promise.allSettled([reading])]);
  linger.end();
  await reading;
  return { ...exit, reason };
}

/** Once begun, closes the streams when they were silent for LINGER_MS and all that came is worked off. */
function lingerOver(streams: readonly Readable[]) {
  let atWork = 0;
  let silence: NodeJS.Timeout | undefined;
  const close = () => {
    if (atWork > 0) silence?.refresh();
    else for (const stream of streams) stream.destroy();
  };
  return {
    begin() {
      silence = setTimeout(close, LINGER_MS);
    },
    async during(work: () => Promise<void>) {
      atWork += 1;
      await work().finally(() => {
        atWork -= 1;
        silence?.refresh();
      });
    },
    end: () => clearTimeout(silence),
  };
}

/** Passes on the first `maxBytes`, drops the rest and says so once. */
function capped(maxBytes: number, deliver: ProcessOptions['onStdout'], onOver: () => void): ProcessOptions['onStdout'] {
  let left = maxBytes;
  return async (chunk) => {
    if (left < 0) return;
    const within = chunk.subarray(0, left);
    left -= chunk.length;
    if (left < 0) onOver();
    await deliver(within);
  };
}

/** Delivers a stream piece by piece. When `deliver` fails the rest is read and dropped, so that the process can end; then this rejects. */
async function readAll(
  stream: Readable,
  onFailure: () => void,
  deliver: (chunk: Uint8Array) => Promise<void>,
): Promise<void> {
  let failure: { readonly error: unknown } | undefined;
  try {
    for await (const chunk of stream) {
      if (failure !== undefined) continue;
      await deliver(chunk).catch((error: unknown) => {
        failure = { error };
        onFailure();
      });
    }
  } catch (error) {
    // Destroyed by ourselves, see LINGER_MS: what was read counts.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
  if (failure !== undefined) throw failure.error;
}
