/** What may befall workers: some never start, some are killed, some stand still for a while and then go on as if nothing had happened. */
import type { WorkerFaults } from '../emulators/ecs/fleet.ts';
import type { LocalProcess } from '../process.ts';
import type { Luck } from './luck.ts';

export interface WorkerFaultOptions {
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** A pause is at most so long. */
  readonly pauseMs: number;
  /** Aborted when the service ends: whoever stands still then goes on, to be ended properly. */
  readonly ending: AbortSignal;
}

/** `strike` gives each running worker its chance; to be called each second. */
export function workerFaults(
  luck: Luck,
  { sleep, pauseMs, ending }: WorkerFaultOptions,
): WorkerFaults & { readonly strike: () => void } {
  const running = new Set<LocalProcess>();
  const paused = new Set<LocalProcess>();
  const pause = async (worker: LocalProcess) => {
    paused.add(worker);
    signal(worker, 'SIGSTOP');
    await sleep(luck.upTo(pauseMs, 'pause'), ending).catch(() => undefined);
    paused.delete(worker);
    if (running.has(worker)) signal(worker, 'SIGCONT');
  };
  return {
    neverStarts: () => luck.happens('ecs.hang', 'worker'),
    started(worker) {
      running.add(worker);
      void worker.ended.then(() => running.delete(worker));
    },
    strike() {
      for (const worker of running)
        if (luck.happens('worker.kill', 'worker')) signal(worker, 'SIGKILL');
        else if (!paused.has(worker) && luck.happens('worker.pause', 'worker')) void pause(worker);
    },
  };
}

function signal({ pid }: LocalProcess, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It has ended, and nobody has told us yet.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
