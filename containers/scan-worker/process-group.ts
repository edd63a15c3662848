/** Ending a process together with everything it started: by its group. */

const KILL_AFTER_MS = 5_000;

/** Signals every process of the group; one that is already gone is no error. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

const live = new Set<number>();
const killLive = () => {
  for (const pid of live) signalGroup(pid, 'SIGKILL');
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
      kill = setTimeout(() => signalGroup(pid, 'SIGKILL'), killAfterMs);
      signalGroup(pid, 'SIGTERM');
    },
    end() {
      clearTimeout(kill);
      signalGroup(pid, 'SIGKILL');
      live.delete(pid);
      if (live.size === 0) process.off('exit', killLive);
    },
  };
}
