/** What runs on this machine because of a process: read from /proc (proc_pid_stat(5), proc_pid_cmdline(5)). */
import { readdir, readFile } from 'node:fs/promises';

export interface Running {
  readonly pid: number;
  readonly parent: number;
  /** The program's, at most 15 characters. */
  readonly name: string;
  /** Its command line, arguments joined by spaces. */
  readonly command: string;
}

async function allProcesses(): Promise<Running[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const read = await Promise.all(pids.map(readProcess));
  return read.filter((one) => one !== undefined);
}

/** Undefined for one that has ended, also when only its parent has not asked yet (a zombie). */
async function readProcess(pid: string): Promise<Running | undefined> {
  const [stat, commandLine] = await Promise.all(
    ['stat', 'cmdline'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')),
  );
  const [, name, state, parent] = /\((.*)\) (\S) (\d+)/s.exec(stat ?? '') ?? [];
  if (name === undefined || state === 'Z') return undefined;
  const command = (commandLine ?? '').replaceAll('\0', ' ').trim();
  return { pid: Number(pid), parent: Number(parent), name, command };
}

/** Everything `pid` started, and what that started. */
export async function descendantsOf(pid: number): Promise<Running[]> {
  const all = await allProcesses();
  const below = (parent: number): Running[] =>
    all.filter((one) => one.parent === parent).flatMap((child) => [child, ...below(child.pid)]);
  return below(pid);
}

/** Those whose command line has `text` in it, whoever started them. */
export async function runningWith(text: string): Promise<Running[]> {
  return (await allProcesses()).filter(({ command }) => command.includes(text));
}

/** Those of `pids` that still run. */
export async function stillRunning(pids: readonly number[]): Promise<Running[]> {
  return (await allProcesses()).filter(({ pid }) => pids.includes(pid));
}
