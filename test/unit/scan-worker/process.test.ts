import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ProcessOptions, runProcess } from '#containers/scan-worker/process.ts';
import { processWatch } from '#containers/scan-worker/process-watch.ts';
import type { Command } from '#containers/scan-worker/scanner.ts';
import { type Facts, fakeScanner } from '#test/support/fake-scanner.ts';

const MIB = 1024 ** 2;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'scanfleet-process-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

/** Runs to the end with sensible options; what came on stdout is returned beside the exit. */
async function run(command: Command, changes: Partial<ProcessOptions> = {}) {
  const chunks: Uint8Array[] = [];
  const exit = await runProcess(command, {
    directory,
    timeoutMs: 60_000,
    maxOutputBytes: 64 * 1024 * 1024,
    signal: new AbortController().signal,
    onStdout: (chunk) => void chunks.push(chunk),
    onStderr: () => undefined,
    ...changes,
  });
  return { exit, stdout: Buffer.concat(chunks).toString() };
}

/** A process that is gone, or a zombie nobody has waited for yet, runs no more. */
function isRunning(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0] !== 'Z';
  } catch {
    return false;
  }
}

/** Aborts once the scanner has printed a line; collects what it printed. */
function abortAfterFirstLine() {
  const controller = new AbortController();
  let text = '';
  return {
    signal: controller.signal,
    line: () => text.split('\n')[0] ?? '',
    onStdout: (chunk: Uint8Array) => {
      text += Buffer.from(chunk).toString();
      if (text.includes('\n')) controller.abort();
    },
  };
}

describe('a process', () => {
  it('hands on its output and says how it ended', async () => {
    const { exit, stdout } = await run(fakeScanner('print', 'hello', 'print-error', 'oh', 'exit', '3'));
    expect(stdout).toBe('hello');
    expect(exit).toMatchObject({ code: 3, signal: null, reason: 'exited', stderrTail: 'oh' });
  });

  it('gets its input and then the end of it', async () => {
    const { stdout } = await run({ ...fakeScanner('cat'), input: '127.0.0.1\n' });
    expect(stdout).toBe('127.0.0.1\n');
  });

  it('takes its arguments as they are, whatever a shell would make of them', async () => {
    const { stdout } = await run(fakeScanner('print', '$(id); `id` > x & "\'*'));
    expect(stdout).toBe('$(id); `id` > x & "\'*');
  });

  it('knows four variables and those its command adds, and nothing of the worker', async () => {
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', 'http://169.254.170.2/x');
    const { stdout } = await run({ ...fakeScanner('facts'), env: { SCAN_MODE: 'quiet' } });
    const { environ } = JSON.parse(stdout) as Facts;
    expect(environ.toSorted()).toEqual(
      [
        `HOME=${directory}`,
        'LANG=C.UTF-8',
        `PATH=${process.env.PATH}`,
        'SCAN_MODE=quiet',
        `TMPDIR=${directory}`,
      ].sort(),
    );
  });

  it('lets its worker go first', async () => {
    const { stdout } = await run(fakeScanner('facts'));
    expect((JSON.parse(stdout) as Facts).nice).toBeGreaterThan(getPriority());
  });

  it('has a group and session of its own, and its own directory', async () => {
    const { stdout } = await run(fakeScanner('facts'));
    const { pid, pgid, sid, cwd } = JSON.parse(stdout) as Facts;
    expect([pgid, sid, cwd]).toEqual([pid, pid, directory]);
  });

  it('inherits no descriptor that the worker has open', async () => {
    const secret = join(directory, 'open-in-the-worker');
    const fd = openSync(secret, 'w');
    const { stdout } = await run({ file: 'find', args: ['/proc/self/fd', '-type', 'l', '-printf', '%f %l\n'] });
    closeSync(fd);
    expect(stdout).toMatch(/^0 .*\n1 .*\n2 .*\n/);
    expect(stdout).not.toContain(secret);
  });

  it('is not started when its program is missing, cannot be executed, or the run is cancelled already', async () => {
    expect((await run({ file: 'no-such-program', args: [] })).exit).toMatchObject({
      code: null,
      reason: 'not_started',
      stderrTail: expect.stringContaining('no-such-program'),
    });
    expect((await run({ file: '/etc/passwd', args: [] })).exit.reason).toBe('not_started');
    expect((await run(fakeScanner('exit', '0'), { directory: '/no/such/directory' })).exit.reason).toBe('not_started');
    expect((await run(fakeScanner('exit', '0'), { signal: AbortSignal.abort() })).exit.reason).toBe('cancelled');
  });
});

describe('stopping a process', () => {
  it('ends it by SIGTERM when it listens', async () => {
    const { signal, onStdout } = abortAfterFirstLine();
    const { exit } = await run(fakeScanner('print', 'up\n', 'sleep'), { signal, onStdout });
    expect(exit).toMatchObject({ code: null, signal: 'SIGTERM', reason: 'cancelled' });
  });

  it('ends one that ignores SIGTERM by SIGKILL', async () => {
    const { signal, onStdout } = abortAfterFirstLine();
    const { exit } = await run(fakeScanner('deaf', 'print', 'up\n', 'sleep'), { signal, onStdout, killAfterMs: 50 });
    expect(exit).toMatchObject({ signal: 'SIGKILL', reason: 'cancelled' });
  });

  it('takes its children with it', async () => {
    const { signal, onStdout, line } = abortAfterFirstLine();
    await run(fakeScanner('fork', 'sleep'), { signal, onStdout });
    expect(Number(line())).toBeGreaterThan(1);
    await expect.poll(() => isRunning(Number(line()))).toBe(false);
  });

  it('kills children that outlive it, though it ended by itself', async () => {
    const { exit, stdout } = await run(fakeScanner('fork', 'exit', '0'));
    expect(exit).toMatchObject({ code: 0, reason: 'exited' });
    await expect.poll(() => isRunning(Number(stdout))).toBe(false);
  });

  it('does not wait for a pipe that somebody outside the group holds open', async () => {
    const { exit, stdout } = await run(fakeScanner('fork-away', 'exit', '0'));
    expect(exit.reason).toBe('exited');
    process.kill(Number(stdout), 'SIGKILL');
  });

  it('happens when its time is over', async () => {
    const { exit } = await run(fakeScanner('sleep'), { timeoutMs: 300 });
    expect(exit.reason).toBe('timed_out');
  });

  it('happens when it prints too much, after as much as is allowed', async () => {
    const { exit, stdout } = await run(fakeScanner('flood', '1000000000'), { maxOutputBytes: 100_000 });
    expect(exit.reason).toBe('output_cap');
    expect(stdout).toHaveLength(100_000);
  });

  it('happens at once, and to all that it started, when it holds too much memory', async () => {
    const watch = processWatch({ maxBytes: 256 * MIB, maxProcesses: 100, everyMs: 50 });
    const steps = ['fork', 'deaf', 'grab', String(512 * MIB), 'sleep'];
    const { exit, stdout } = await run(fakeScanner(...steps), { watch, killAfterMs: 60_000 });
    expect(exit).toMatchObject({ reason: 'memory_cap', signal: 'SIGKILL' });
    await expect.poll(() => isRunning(Number(stdout))).toBe(false);
  });

  it('happens to the largest of several that hold too much together, and to no other', async () => {
    const watch = processWatch({ maxBytes: 400 * MIB, maxProcesses: 100, everyMs: 50 });
    const ended = run(fakeScanner('grab', String(300 * MIB), 'sleep'), { watch });
    const { signal, onStdout } = abortAfterFirstLine();
    const other = run(
      fakeScanner('grab', String(150 * MIB), 'wait-for', join(directory, 'go'), 'print', 'on\n', 'sleep'),
      {
        ...{ watch, signal, onStdout },
      },
    );
    expect((await ended).exit.reason).toBe('memory_cap');
    writeFileSync(join(directory, 'go'), '');
    expect((await other).exit.reason).toBe('cancelled');
  });

  it('happens when it has too many processes, to those in sessions of their own too', async () => {
    const watch = processWatch({ maxBytes: Number.POSITIVE_INFINITY, maxProcesses: 20, everyMs: 50 });
    const { exit, stdout } = await run(fakeScanner('fork-away', 'swarm', '40', 'sleep'), { watch });
    expect(exit).toMatchObject({ reason: 'process_cap', signal: 'SIGKILL' });
    await expect.poll(() => isRunning(Number(stdout))).toBe(false);
  });

  it('happens when its output cannot be taken, and says why not', async () => {
    const onStdout = () => Promise.reject(new Error('disk full'));
    await expect(run(fakeScanner('print', 'x', 'sleep'), { onStdout })).rejects.toThrow('disk full');
  });
});

describe('back-pressure', () => {
  it('holds the process up until each piece of its output was taken', async () => {
    let taking = 0;
    let most = 0;
    const { exit } = await run(fakeScanner('flood', '2000000'), {
      onStdout: async () => {
        most = Math.max(most, ++taking);
        await new Promise((resolve) => setImmediate(resolve));
        taking -= 1;
      },
    });
    expect(exit.code).toBe(0);
    expect(most).toBe(1);
  });
});

describe('a worker that goes away', () => {
  const worker = (...args: string[]) => `
    const { runProcess } = await import('#containers/scan-worker/process.ts');
    const { fakeScanner } = await import('#test/support/fake-scanner.ts');
    void runProcess(fakeScanner(...${JSON.stringify(args)}), {
      directory: ${JSON.stringify(directory)}, timeoutMs: 60_000, maxOutputBytes: 1e6, signal: new AbortController().signal,
      onStdout: (chunk) => { process.stdout.write(chunk); }, onStderr: () => undefined,
    });
    process.on('SIGTERM', () => process.exit(0));`;

  async function afterWorkerEndsBy(signal: NodeJS.Signals, ...steps: string[]): Promise<string[]> {
    const child = spawn(
      process.execPath,
      ['--input-type=module', '-e', worker(...steps, 'print', 'end\n', 'deaf', 'sleep')],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let said = '';
    for await (const chunk of child.stdout) {
      said += chunk;
      if (said.endsWith('end\n')) break;
    }
    child.kill(signal);
    await once(child, 'exit');
    return said.split('\n');
  }

  it('by itself leaves neither its scanner behind nor what the scanner started', async () => {
    const [leader, grandchild] = await afterWorkerEndsBy('SIGTERM', 'facts', 'fork');
    await expect.poll(() => isRunning((JSON.parse(leader ?? '') as Facts).pid)).toBe(false);
    await expect.poll(() => isRunning(Number(grandchild))).toBe(false);
  });

  it('because it is killed leaves no scanner behind', async () => {
    const [leader] = await afterWorkerEndsBy('SIGKILL', 'facts');
    await expect.poll(() => isRunning((JSON.parse(leader ?? '') as Facts).pid)).toBe(false);
  });
});
