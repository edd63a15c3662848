/**
 * A bound on what the scanners of a worker take together. Limits of the kernel do not fit: what a browser or a Go program reserves is many
 * times what it uses (setrlimit(2), RLIMIT_AS), and they hold for one process, not for all that it starts. So what they really hold is
 * looked at (proc_pid_stat(5), proc_pid_statm(5)). What is faster than the look, the kernel ends: that is an `oom` too.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { totalmem } from 'node:os';

/** More than memory allows for, or more processes than any scanner needs: Chromium has some twenty. */
export type Excess = 'memory_cap' | 'process_cap';

export interface ProcessWatch {
  /** Watches the process `leader`, all that it started, and its session, until what is returned is called. `onExcess` gets their pids, to be killed. */
  add(leader: number, onExcess: (excess: Excess, pids: readonly number[]) => void): () => void;
}

export interface Caps {
  /** Of all scanners together; beyond it the one that holds the most is ended. Memory that is shared, and that of files, is not counted. */
  readonly maxBytes: number;
  /** Of one scanner. */
  readonly maxProcesses: number;
  readonly everyMs?: number;
}

/** Nothing is looked at before the first interval is over: a short scan pays nothing. */
export function processWatch({ maxBytes, maxProcesses, everyMs = 1_000 }: Caps): ProcessWatch {
  const watched = new Map<number, Parameters<ProcessWatch['add']>[1]>();
  let timer: NodeJS.Timeout | undefined;
  const look = () => {
    const groups = groupsOf(readProcesses(), watched);
    const total = groups.reduce((sum, { bytes }) => sum + bytes, 0);
    const [largest] = groups.toSorted((a, b) => b.bytes - a.bytes);
    for (const { leader, pids } of groups)
      if (pids.length > maxProcesses) watched.get(leader)?.('process_cap', pids);
      else if (total > maxBytes && leader === largest?.leader) watched.get(leader)?.('memory_cap', pids);
  };
  return {
    add(leader, onExcess) {
      watched.set(leader, onExcess);
      timer ??= setInterval(look, everyMs).unref();
      return () => {
        watched.delete(leader);
        if (watched.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
  };
}

const SHARE_OF_SCANNERS = 0.75;
const MAX_PROCESSES = 256;

/** Of this machine, or of the container where that has less: a quarter stays for the worker. */
export const scannerWatch = processWatch({
  maxBytes: SHARE_OF_SCANNERS * Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY),
  maxProcesses: MAX_PROCESSES,
});

interface Seen {
  readonly parent: number;
  readonly session: number;
}

interface Group {
  readonly leader: number;
  readonly pids: readonly number[];
  readonly bytes: number;
}

function groupsOf(all: ReadonlyMap<number, Seen>, watched: { has(pid: number): boolean }): Group[] {
  const leaderOf = (pid: number): number | undefined => {
    if (watched.has(pid)) return pid;
    const seen = all.get(pid);
    if (seen === undefined) return undefined;
    return watched.has(seen.session) ? seen.session : leaderOf(seen.parent);
  };
  const groups = Map.groupBy(all.keys(), leaderOf);
  return [...groups].flatMap(([leader, pids]) =>
    leader === undefined ? [] : [{ leader, pids, bytes: pids.reduce((sum, pid) => sum + ownBytes(pid), 0) }],
  );
}

function readProcesses(): Map<number, Seen> {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return new Map(
    pids.flatMap((pid) => {
      const [state, parent, , session] = read(pid, 'stat').split(') ').at(-1)?.split(' ') ?? [];
      return state === undefined || state === '' || state === 'Z'
        ? []
        : [[pid, { parent: Number(parent), session: Number(session) }]];
    }),
  );
}

/** Counted in pages: 4 KiB on the machines we run on. */
const PAGE_BYTES = 4_096;

/** What goes when the process goes. */
function ownBytes(pid: number): number {
  const [, resident = '0', shared = '0'] = read(pid, 'statm').split(' ');
  return (Number(resident) - Number(shared)) * PAGE_BYTES;
}

/** Empty for a process that is gone meanwhile. */
function read(pid: number, file: 'stat' | 'statm'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
