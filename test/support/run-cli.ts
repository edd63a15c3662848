/** The command line as its users start it: a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export const CLI = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

export interface CliOptions {
  /** The whole environment but for PATH. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
}

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts `scanfleet` with its output piped. */
export const startCli = (args: readonly string[], { env = {}, cwd }: CliOptions = {}): ChildProcess =>
  spawn(process.execPath, [CLI, ...args], { cwd, env: { PATH: process.env.PATH, ...env }, stdio: 'pipe' });

/** Runs `scanfleet` to its end. */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return ended(startCli(args, options), options.input);
}

/** The same on a pseudo-terminal of so many columns (script(1) of util-linux); stdout and stderr are one there. */
export async function runCliOnTerminal(
  args: readonly string[],
  columns: number,
  { env = {}, cwd }: CliOptions = {},
): Promise<CliResult> {
  const quoted = [process.execPath, CLI, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const command = `stty cols ${columns} && ${quoted}`;
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd,
    env: { PATH: process.env.PATH, TERM: 'xterm', ...env },
    stdio: 'pipe',
  });
  return ended(child);
}

/** Waits for the end of a started process and all it wrote. */
export async function ended(child: ChildProcess, input = ''): Promise<CliResult> {
  const { stdin, stdout, stderr } = child;
  if (!stdin || !stdout || !stderr) throw new Error('the process was started without pipes');
  stdin.on('error', () => undefined).end(input);
  const [out, err, [code, signal]] = await Promise.all([text(stdout), text(stderr), once(child, 'close')]);
  return { code, signal, stdout: out, stderr: err };
}
