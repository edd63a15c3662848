import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BrokenPipeError, createOutput, type Output } from '#cli/output.ts';
import { type CapturedStream, capturedStream } from '#test/support/captured-stream.ts';

const never = () => {
  throw new Error('stdout failed');
};

function outputTo(columns?: number): { output: Output; stdout: CapturedStream; stderr: CapturedStream } {
  const stdout = capturedStream(columns);
  const stderr = capturedStream(columns);
  return { output: createOutput(stdout, stderr, never), stdout, stderr };
}

// What the machine running the tests says of colours must not matter.
beforeEach(() => {
  for (const name of ['NO_COLOR', 'FORCE_COLOR', 'NODE_DISABLE_COLORS', 'CI']) vi.stubEnv(name, undefined);
  vi.stubEnv('TERM', 'xterm');
});
afterEach(() => vi.unstubAllEnvs());

describe('data', () => {
  it('goes to stdout, messages to stderr', () => {
    const { output, stdout, stderr } = outputTo();
    output.line('data');
    output.message('message');
    expect(stdout.text()).toBe('data\n');
    expect(stderr.text()).toBe('message\n');
  });

  it('shows what could steer a terminal escaped, wherever it stands', () => {
    const { output, stdout, stderr } = outputTo();
    const hostile = '\u001b[31mx\u202e\n';
    output.line(hostile);
    output.message(hostile);
    output.fields({ Name: hostile });
    output.table([{ title: 'NAME' }]).add([[hostile]]);
    output.json({ name: hostile });
    for (const raw of ['\u001b', '\u202e']) expect(stdout.text() + stderr.text()).not.toContain(raw);
    expect(stdout.text().split('\n')).toEqual([
      '\\x1b[31mx\\u202e\\x0a',
      'Name  \\x1b[31mx\\u202e\\x0a',
      'NAME',
      '\\x1b[31mx\\u202e\\x0a',
      '{"name":"\\u001b[31mx\\u202e\\n"}',
      '',
    ]);
  });

  it('lines up fields and leaves out those without a value', () => {
    const { output, stdout } = outputTo();
    output.fields({ Job: '1', Name: undefined, Scanners: 'nmap' });
    expect(stdout.text()).toBe('Job       1\nScanners  nmap\n');
  });

  it('lines up a table, and keeps its columns for rows that come later', () => {
    const { output, stdout } = outputTo();
    const table = output.table([{ title: 'ID', atLeast: 4 }, { title: 'WORD' }, { title: 'REST' }]);
    table.add([['1', '東京', 'a']]);
    table.add([['1234', 'x', '']]);
    expect(stdout.text()).toBe('ID    WORD  REST\n1     東京  a\n1234  x\n');
  });

  it('cuts the last column on a terminal, never in a pipe', () => {
    const rows = [['1', 'a long title that does not fit']];
    const terminal = outputTo(20);
    terminal.output.table([{ title: 'ID' }, { title: 'TITLE' }]).add(rows);
    expect(terminal.stdout.text()).toContain('1   a long title th…\n');
    const pipe = outputTo();
    pipe.output.table([{ title: 'ID' }, { title: 'TITLE' }]).add(rows);
    expect(pipe.stdout.text()).toContain('1   a long title that does not fit\n');
  });

  it('has colours on a terminal only, and not under NO_COLOR', () => {
    const red = { text: 'bad', tone: 'bad' } as const;
    const terminal = outputTo(80);
    terminal.output.fields({ Verdict: red });
    expect(terminal.stdout.text()).toBe('Verdict  \u001b[31mbad\u001b[39m\n');
    const pipe = outputTo();
    pipe.output.fields({ Verdict: red });
    expect(pipe.stdout.text()).toBe('Verdict  bad\n');
    vi.stubEnv('NO_COLOR', '1');
    const plain = outputTo(80);
    plain.output.fields({ Verdict: red });
    expect(plain.stdout.text()).toBe('Verdict  bad\n');
  });
});

describe('a document written in parts', () => {
  it('passes bytes on untouched to a file or program', async () => {
    const { output, stdout } = outputTo();
    await output.write(Buffer.from('{"a":"\u202e'));
    await output.write('"}\n');
    expect(stdout.text()).toBe('{"a":"\u202e"}\n');
  });

  it('is made harmless for a terminal, also where a chunk ends within a character', async () => {
    const { output, stdout } = outputTo(80);
    const bytes = Buffer.from('{"a":"\u202e東"}\n');
    await output.write(bytes.subarray(0, 7));
    await output.write(bytes.subarray(7));
    expect(stdout.text()).toBe('{"a":"\\u202e東"}\n');
  });

  it('rejects once the reader is gone, and says so to whoever can stop', async () => {
    const failures: Error[] = [];
    const closed = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
    });
    const output = createOutput(closed, capturedStream(), (error) => failures.push(error));
    await expect(output.write('x')).rejects.toBeInstanceOf(BrokenPipeError);
    await expect(output.write('y')).rejects.toBeInstanceOf(BrokenPipeError);
    expect(failures.map((failure) => failure.name)).toEqual(['BrokenPipeError']);
  });

  it('rejects with the reason when the disk is full', async () => {
    const failures: Error[] = [];
    const full = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' })),
    });
    const output = createOutput(full, capturedStream(), (error) => failures.push(error));
    await expect(output.write('x')).rejects.toThrow('ENOSPC: no space left');
    expect(failures[0]?.message).toBe('ENOSPC: no space left');
  });
});

describe('progress', () => {
  const at = (percent: number, state = 'running') => ({ state, percent, counts: '1 of 2 tasks', message: '' });

  it('redraws one line on a terminal, keeps messages above it and leaves nothing behind', () => {
    const { output, stdout, stderr } = outputTo(40);
    const progress = output.progress();
    progress.show(at(10));
    progress.show(at(10));
    output.message('note');
    progress.show(at(20));
    progress.end();
    const erase = '\r\u001b[K';
    const [ten, twenty] = [' 10% running  1 of 2 tasks', ' 20% running  1 of 2 tasks'];
    expect(stderr.text()).toBe(`${erase}${ten}${erase}note\n${ten}${erase}${twenty}${erase}`);
    expect(stdout.text()).toBe('');
  });

  it('is a line at each change of state and each tenth where nobody watches', () => {
    const { output, stderr } = outputTo();
    const progress = output.progress();
    for (const percent of [0, 3, 9, 12, 19, 20]) progress.show(at(percent));
    progress.show(at(20, 'cancelling'));
    progress.end();
    expect(stderr.text().split('\n')).toEqual([
      'running 0%, 1 of 2 tasks',
      'running 12%, 1 of 2 tasks',
      'running 20%, 1 of 2 tasks',
      'cancelling 20%, 1 of 2 tasks',
      '',
    ]);
  });
});
