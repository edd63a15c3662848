/** Ending a process together with everything it started: by its group. */

const KILL_AFTER_MS = 5_000;

/** Signals a process, or every process of a group (`-pid`, kill(2)); one that is already gone is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

const live = new Set<number>();
const killLive = () => {
  for (const pid of live) signal(-pid, 'SIGKILL');
};

/** A group that dies with this process, and sooner when told. */
export interface ProcessGroup {
  /** SIGTERM now, SIGKILL later; again: nothing. */
  stop(): void;
  /** The leader has exited: whoever is left goes at once. To be called in the same turn as the exit, while the number is surely still this group's. */
  end(): void;
}

export function processGroup(pid: number, killAfterMs = KILL_AFTER_MS): ProcessGroup {
  let kill: NodeJS.Timeout | undefined;
  if (live.size === 0) process.on('exit', killLive);
  live.add(pid);
  return {
    stop() {
      if (kill !== undefined || !live.has(pid)) return;
      kill = setTimeout(() => signal(-pid, 'SIGKILL'), killAfterMs);
      signal(-pid, 'SIGTERM');
    },
    end() {
      clearTimeout(kill);
      signal(-pid, 'SIGKILL');
      live.delete(pid);
      if (live.size === 0) process.off('exit', killLive);
    },
  };
}
