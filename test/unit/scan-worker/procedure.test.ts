import { describe, expect, it } from 'vitest';
import { runProcedure, ScannerBusyError } from '#containers/scan-worker/procedure.ts';
import type { ProcedureWork } from '#containers/scan-worker/scanner.ts';
import { ForbiddenError } from '#shared/errors.ts';

const task = { jobId: '019a0000-0000-7000-8000-000000000001', taskId: '0001', attempt: 2 };

function run(act: (work: ProcedureWork) => Promise<void>, timeoutMs = 60_000) {
  const stop = new AbortController();
  const lines: string[] = [];
  const options = { timeoutMs, maxOutputBytes: 10, signal: stop.signal };
  const ended = runProcedure({ argv: [], outputFile: '/nonexistent', act }, task, {
    ...options,
    onStderr: (chunk) => void lines.push(Buffer.from(chunk).toString()),
  });
  return { stop, lines, ended };
}
const untilStopped = ({ signal }: ProcedureWork) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));

describe('a procedure', () => {
  it('is told whose run it is and what it is held to, and what it logs is its stderr', async () => {
    const told: object[] = [];
    const { ended, lines } = run(async ({ log, signal: _, ...work }) => {
      told.push(work);
      log('one');
      log('two');
    });
    expect(await ended).toMatchObject({ code: 0, signal: null, reason: 'exited', stderrTail: 'one\ntwo' });
    expect(lines).toEqual(['one\n', 'two\n']);
    expect(told).toEqual([{ task, maxBytes: 10 }]);
  });

  it('that fails says what the task is to say', async () => {
    const exit = await run(async () => {
      throw new ForbiddenError('nessus_denied', 'the keys are not known');
    }).ended;
    const failure = { code: 'nessus_denied', message: 'the keys are not known', retryable: false };
    expect(exit).toMatchObject({ code: 1, reason: 'exited', failure });
  });

  it('that has no room is busy', async () => {
    const exit = await run(async () => {
      throw new ScannerBusyError('every instance is full');
    }).ended;
    expect(exit).toMatchObject({ reason: 'busy', failure: { code: 'scanner_busy', retryable: true } });
  });

  it('is cancelled by the signal, whatever it says of it', async () => {
    const { stop, ended } = run(async (work) => {
      await untilStopped(work);
      throw new ForbiddenError('nessus_denied', 'the keys are not known');
    });
    stop.abort();
    expect(await ended).toMatchObject({ code: 1, reason: 'cancelled' });
  });

  it('is stopped at its time limit', async () => {
    expect(await run(untilStopped, 1).ended).toMatchObject({ code: 1, reason: 'timed_out' });
  });

  it('that breaks is a fault of ours, and no outcome', async () => {
    const broken = run(async () => {
      throw new TypeError('undefined is not a function');
    });
    await expect(broken.ended).rejects.toThrow(TypeError);
  });
});
