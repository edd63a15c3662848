/**
 * Local's one place where child processes start: the DynamoDB emulator and the workers. Never a shell; a group of its own; only the
 * environment it is given. A child ends with local, however local ends (parent-death.ts), so that killing the service leaves nothing
 * behind; only one that was just being started, a few milliseconds before, may be.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { mortal, untilMortal } from '#containers/scan-worker/parent-death.ts';
import { processGroup } from '#containers/scan-worker/process-group.ts';
import { stderrTail } from '#containers/scan-worker/stderr-tail.ts';

export interface ProcessSpec {
  /** An absolute path. */
  readonly file: string;
  readonly args: readonly string[];
  /** The child's whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What the child reads from descriptor 3, which it does not have when this is absent. */
  readonly descriptor3?: string;
  /** From SIGTERM to SIGKILL when it is stopped. */
  readonly killAfterMs?: number;
  /** Gets what the child writes on stdout and stderr, as it comes. */
  onOutput?(chunk: Uint8Array): void;
}

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last KB of what it wrote, control characters replaced. */
  readonly outputTail: string;
}

export interface LocalProcess {
  readonly pid: number;
  /** Never rejects. */
  readonly ended: Promise<ProcessEnd>;
  /** SIGTERM to the group, SIGKILL later; resolves when it is gone. */
  stop(): Promise<ProcessEnd>;
}

/** How long output may still come once the process is gone: then somebody who left its group holds the pipe. */
const LINGER_MS = 1_000;

/** Starts a process. Rejects with the system's error (ENOENT, EACCES, EAGAIN) when it cannot be started. */
export async function startProcess(spec: ProcessSpec): Promise<LocalProcess> {
  accessSync(spec.file, constants.X_OK);
  const [file, args] = mortal(spec.file, spec.args);
  const child = spawn(file, args, {
    cwd: spec.cwd,
    env: spec.env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', ...(spec.descriptor3 === undefined ? [] : ['pipe' as const])],
  });
  await once(child, 'spawn');
  const followed = follow(child, spec);
  await untilMortal(followed.pid);
  if (spec.descriptor3 !== undefined) hand(child, spec.descriptor3);
  return followed;
}

/** A child that ends before it reads leaves a broken pipe: its exit says so better than an error here. */
function hand(child: ChildProcess, text: string): void {
  (child.stdio[3] as Writable).on('error', () => undefined).end(text);
}

function follow(child: ChildProcess, spec: ProcessSpec): LocalProcess {
  const pid = child.pid as number;
  const group = processGroup(pid, spec.killAfterMs);
  const tail = stderrTail();
  const outputs = [child.stdout, child.stderr] as Readable[];
  for (const output of outputs)
    output.on('data', (chunk: Buffer) => {
      tail.write(chunk);
      spec.onOutput?.(chunk);
    });
  const ended = new Promise<ProcessEnd>((resolve) => {
    let linger: NodeJS.Timeout | undefined;
    child.once('exit', () => {
      group.end();
      linger = setTimeout(() => outputs.forEach((output) => void output.destroy()), LINGER_MS);
    });
    child.once('close', (code, signal) => {
      clearTimeout(linger);
      resolve({ code, signal, outputTail: tail.text() });
    });
  });
  return {
    pid,
    ended,
    stop() {
      group.stop();
      return ended;
    },
  };
}
