/** What runs on this machine because of a process: read from /proc (proc_pid_stat(5)). */
import { readdir, readFile } from 'node:fs/promises';

export interface Running {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
}

async function allProcesses(): Promise<Running[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const read = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')));
  return read.flatMap((stat) => {
    const match = /^(\d+) \((.*)\) (\S) (\d+)/s.exec(stat);
    // A zombie has ended; only its parent has not asked yet.
    if (match === null || match[3] === 'Z') return [];
    return [{ pid: Number(match[1]), name: match[2] as string, parent: Number(match[4]) }];
  });
}

/** Everything `pid` started, and what that started. */
export async function descendantsOf(pid: number): Promise<Running[]> {
  const all = await allProcesses();
  const below = (parent: number): Running[] =>
    all.filter((one) => one.parent === parent).flatMap((child) => [child, ...below(child.pid)]);
  return below(pid);
}

/** Those of `pids` that still run. */
export async function stillRunning(pids: readonly number[]): Promise<Running[]> {
  return (await allProcesses()).filter(({ pid }) => pids.includes(pid));
}
