/** What every command is given of the world around it. */
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Environment, environment } from '#shared/env.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { type Output, processOutput } from './output.ts';

export interface Context {
  readonly output: Output;
  readonly env: Environment;
  readonly cwd: string;
  readonly stdin: Readable;
  /** Aborted when the user or the system ends us, or nobody reads what we say: commands clean up and end. */
  readonly signal: AbortSignal;
  readonly now: () => Date;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** The reason of a signal aborted from outside. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
  readonly exitCode: ExitCode;
  constructor(signal: NodeJS.Signals, exitCode: ExitCode) {
    super(`ended by ${signal}`);
    this.exitCode = exitCode;
  }
}

const EXIT_BY_SIGNAL = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated, SIGHUP: EXIT.hungUp } as const;

/** This process's context. The first signal asks commands to end; a second one ends the process at once, and with it what it started. */
export function processContext(): Context {
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      if (ending.signal.aborted) process.exit(EXIT_BY_SIGNAL[signal]);
      ending.abort(new InterruptedError(signal, EXIT_BY_SIGNAL[signal]));
    });
  return {
    output: processOutput((error) => ending.abort(error)),
    env: environment(),
    cwd: process.cwd(),
    stdin: process.stdin,
    signal: ending.signal,
    now: () => new Date(),
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
  };
}
