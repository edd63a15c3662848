import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { type ProcessSpec, startProcess } from '#local/process.ts';
import { FAKE_SCANNER, type Facts } from '#test/support/fake-scanner.ts';
import { stillRunning } from '#test/support/processes.ts';

/** Starts the fake scanner; `output` is what it has written so far, `line` resolves with its first line. */
async function start(steps: string[], changes: Partial<ProcessSpec> = {}) {
  let output = '';
  const firstLine = Promise.withResolvers<string>();
  const child = await startProcess({
    file: process.execPath,
    args: [FAKE_SCANNER, ...steps],
    env: {},
    onOutput(chunk) {
      output += Buffer.from(chunk).toString();
      if (output.includes('\n')) firstLine.resolve(output.split('\n')[0] as string);
    },
    ...changes,
  });
  return { ...child, output: () => output, line: firstLine.promise };
}

describe('a child process of local', () => {
  it('hands on both its outputs and says how it ended', async () => {
    const child = await start(['print', 'hello', 'print-error', 'oh\u001b[2J', 'exit', '3']);
    expect(await child.ended).toEqual({ code: 3, signal: null, outputTail: expect.stringContaining('oh [2J') });
    expect(child.output()).toContain('hello');
  });

  it('has the environment it is given and nothing else, and a group of its own', async () => {
    const child = await start(['facts', 'exit', '0'], { env: { ONLY: 'this' }, cwd: '/' });
    const facts: Facts = JSON.parse(await child.line);
    expect(facts).toMatchObject({ pid: child.pid, pgid: child.pid, cwd: '/', environ: ['ONLY=this'] });
  });

  it('that cannot be started is an error', async () => {
    await expect(start([], { file: '/nonexistent/program' })).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(start([], { file: '/etc/passwd' })).rejects.toMatchObject({ code: 'EACCES' });
    await expect(start([], { cwd: '/nonexistent' })).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is stopped by SIGTERM, again and again to no further effect', async () => {
    const child = await start(['print', '\n', 'sleep']);
    await child.line;
    const ends = await Promise.all([child.stop(), child.stop()]);
    expect(ends).toMatchObject([{ signal: 'SIGTERM' }, { signal: 'SIGTERM' }]);
    expect(await child.stop()).toMatchObject({ signal: 'SIGTERM' });
  });

  it('that does not listen is killed', async () => {
    const child = await start(['deaf', 'print', '\n', 'sleep'], { killAfterMs: 50 });
    await child.line;
    expect(await child.stop()).toMatchObject({ code: null, signal: 'SIGKILL' });
  });

  it('leaves nothing of its group behind', async () => {
    const child = await start(['fork', 'exit', '0']);
    const grandchild = Number(await child.line);
    await child.ended;
    await vi.waitFor(async () => expect(await stillRunning([grandchild])).toEqual([]), { timeout: 8_000 });
  });

  it('ends for us even when somebody outside its group keeps its output open', async () => {
    const child = await start(['fork-away', 'exit', '0']);
    const stranger = Number(await child.line);
    expect(await child.ended).toMatchObject({ code: 0 });
    expect(await stillRunning([stranger])).toHaveLength(1);
    process.kill(stranger, 'SIGKILL');
  });

  it.each(['killed', 'exits'])('goes when this process %s, even if it does not listen', async (how) => {
    const script = fileURLToPath(new URL('../../support/dying-parent.ts', import.meta.url));
    const parent = spawn(process.execPath, [script, how], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = Number(await text(parent.stdout));
    if (parent.exitCode === null && parent.signalCode === null) await once(parent, 'exit');
    expect(pid).toBeGreaterThan(0);
    await vi.waitFor(async () => expect(await stillRunning([pid])).toEqual([]), { timeout: 8_000 });
  });
});
