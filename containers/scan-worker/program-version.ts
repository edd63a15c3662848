/** Whether a scanner's program is here, and which version it says it is. */
import { tmpdir } from 'node:os';
import type { runProcess } from './process.ts';
import type { Command, Scanner } from './scanner.ts';

const TIMEOUT_MS = 10_000;
const MAX_OUTPUT_BYTES = 64 * 1024;

/** Runs `command`; the first group of `pattern`, in what it prints to stdout or stderr, is the version. */
export async function programVersion(
  run: typeof runProcess,
  scanner: string,
  command: Command,
  pattern: RegExp,
): ReturnType<Scanner['check']> {
  let output = '';
  const read = (chunk: Uint8Array) => {
    if (output.length < MAX_OUTPUT_BYTES) output += Buffer.from(chunk).toString('latin1');
  };
  const exit = await run(command, {
    directory: tmpdir(),
    timeoutMs: TIMEOUT_MS,
    maxOutputBytes: MAX_OUTPUT_BYTES,
    signal: new AbortController().signal,
    onStdout: read,
    onStderr: read,
  });
  const version = pattern.exec(output)?.[1];
  if (version !== undefined) return { available: true, version };
  if (exit.reason === 'not_started')
    return { available: false, reason: `${scanner} is not installed: there is no program ${command.file}` };
  return { available: false, reason: `${[scanner, ...command.args].join(' ')} did not say a version` };
}
