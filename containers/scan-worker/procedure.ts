/** Runs a procedure as a process is run (process.ts): until it ends, is stopped or has had its time; how it ended is a value. */
import { ScanfleetError } from '#shared/errors.ts';
import type { Exit, Procedure, ProcedureWork, RunOptions } from './scanner.ts';
import { stderrTail } from './stderr-tail.ts';

/** There is no room for the run now: nothing failed, and the task waits for its turn. */
export class ScannerBusyError extends ScanfleetError {
  constructor(message: string) {
    super('scanner_busy', message, { retryable: true });
  }
}

/** Rejects with what is no ScanfleetError: a fault of ours. */
export async function runProcedure(
  procedure: Procedure,
  task: ProcedureWork['task'],
  { timeoutMs, maxOutputBytes, signal, onStderr }: RunOptions,
): Promise<Exit> {
  const startedAt = performance.now();
  const tail = stderrTail();
  const late = new AbortController();
  const timeout = setTimeout(() => late.abort(), timeoutMs);
  const stop = AbortSignal.any([signal, late.signal]);
  const log = (line: string) => {
    const bytes = Buffer.from(`${line}\n`);
    tail.write(bytes);
    onStderr(bytes);
  };
  const failure = await procedure
    .act({ task, signal: stop, maxBytes: maxOutputBytes, log })
    .then(() => undefined, failureOf)
    .finally(() => clearTimeout(timeout));
  return {
    code: failure === undefined && !stop.aborted ? 0 : 1,
    signal: null,
    reason: reasonOf(failure, signal, late.signal),
    ...(failure === undefined ? {} : { failure }),
    stderrTail: tail.text(),
    durationMs: Math.round(performance.now() - startedAt),
  };
}

function failureOf(error: unknown): Exit['failure'] {
  if (!(error instanceof ScanfleetError)) throw error;
  return { code: error.code, message: error.message, retryable: error.retryable };
}

/** What was wanted of it comes before what became of it. */
function reasonOf(failure: Exit['failure'], signal: AbortSignal, late: AbortSignal): Exit['reason'] {
  if (signal.aborted) return 'cancelled';
  if (late.aborted) return 'timed_out';
  return failure?.code === 'scanner_busy' ? 'busy' : 'exited';
}
