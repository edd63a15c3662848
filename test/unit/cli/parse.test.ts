import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Context } from '#cli/context.ts';
import { createOutput, type OutputStream } from '#cli/output.ts';
import { execute } from '#cli/program.ts';
import { capturedStream } from '#test/support/captured-stream.ts';
import { nmapFixture } from '#test/support/nmap.ts';
import { FINDINGS_PER_HOST, nmapXml } from '#test/support/nmap-xml.ts';

const SCAN = nmapFixture('service-and-scripts');
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'parse-'));
});
afterAll(() => rm(directory, { recursive: true }));

function contextFor(stdout: OutputStream, stderr: OutputStream, stdin: Readable): Context {
  const ending = new AbortController();
  return {
    output: createOutput(stdout, stderr, (error) => ending.abort(error)),
    env: {},
    cwd: directory,
    stdin,
    signal: ending.signal,
    now: () => new Date('2026-11-21T10:00:00.000Z'),
    sleep: () => Promise.reject(new Error('nothing here waits')),
  };
}

/** Runs `scanfleet parse …` with `input` on stdin. */
async function parse(args: readonly string[], input: string | Uint8Array = '') {
  const [stdout, stderr] = [capturedStream(), capturedStream()];
  const stdin = Readable.from([Buffer.from(input)]);
  const exitCode = await execute(['parse', ...args], contextFor(stdout, stderr, stdin));
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() };
}

async function file(name: string, content: Uint8Array | string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
}

const NMAP = ['--scanner', 'nmap'];
const SUMMARY = {
  records: 1,
  hosts: 1,
  hostsUp: 1,
  openPorts: 1,
  findings: 5,
  bySeverity: { critical: 0, high: 0, medium: 0, low: 0, info: 5 },
  partial: false,
};

describe('scanfleet parse', () => {
  it('prints findings, one JSON object a line', async () => {
    const { exitCode, stdout, stderr } = await parse([...NMAP, await file('scan.xml', SCAN)]);
    expect([exitCode, stderr]).toEqual([0, '']);
    const findings = stdout
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(findings).toHaveLength(5);
    expect(findings[0]).toMatchObject({
      scanner: 'nmap',
      rule: 'open-port',
      location: { host: '127.0.0.1', port: 18080 },
    });
  });

  it('prints one JSON object of counts for --summary', async () => {
    const { exitCode, stdout } = await parse([...NMAP, '--summary', await file('scan.xml', SCAN)]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual(SUMMARY);
  });

  it('reads stdin for -', async () => {
    expect(JSON.parse((await parse([...NMAP, '-', '--summary'], SCAN)).stdout)).toEqual(SUMMARY);
  });

  it('unpacks a file named .gz', async () => {
    const { stdout } = await parse([...NMAP, '--summary', await file('scan.xml.gz', gzipSync(SCAN))]);
    expect(JSON.parse(stdout)).toEqual(SUMMARY);
  });

  it.each([
    ['scan.xml', SCAN.subarray(0, -20)],
    ['scan.xml.gz', gzipSync(SCAN).subarray(0, -200)],
  ])('delivers what a cut %s holds, says so, and ends with 7', async (name, content) => {
    const { exitCode, stdout, stderr } = await parse([...NMAP, await file(name, content)]);
    expect(exitCode).toBe(7);
    expect(stdout.split('\n')).toHaveLength(name === 'scan.xml' ? 6 : 1);
    expect(stderr).toMatch(
      /^scanfleet: .*scan\.xml(\.gz)? was read in part only: cut off inside <[a-z]+> \(at byte \d+\)\n$/,
    );
  });

  it.each([
    ['an empty file', '', 'the document is empty'],
    ['a file of something else', '<html></html>', 'the document element is <html>'],
  ])('finds nothing in %s and ends with 7', async (_, content, reason) => {
    const { exitCode, stdout, stderr } = await parse([...NMAP, '-'], content);
    expect([exitCode, stdout]).toEqual([7, '']);
    expect(stderr).toContain(`- was read in part only: not nmap's XML: ${reason}`);
  });

  it.each([
    ['a missing file', [...NMAP, '/nonexistent.xml'], '/nonexistent.xml cannot be read: ENOENT'],
    ['a folder', [...NMAP, '/'], '/ cannot be read: EISDIR'],
    ['a scanner that is none', ['--scanner', 'nosuch', '-'], "'nosuch' is invalid"],
    ['no scanner', ['-'], "'--scanner <name>' not specified"],
    ['no file', NMAP, "missing required argument 'file'"],
  ])('refuses %s with 2', async (_, args, message) => {
    const { exitCode, stdout, stderr } = await parse(args);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });

  it('refuses a file named .gz that is not packed', async () => {
    const { exitCode, stderr } = await parse([...NMAP, await file('plain.gz', SCAN)]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('incorrect header check');
  });

  it('reads no further than a slow reader of its output has come', async () => {
    let read = 0;
    const input = function* () {
      for (const piece of nmapXml(5_000)) {
        read += 1;
        yield Buffer.from(piece);
      }
    };
    const waiting: (() => void)[] = [];
    let slow = true;
    let lines = 0;
    const stdout = new Writable({
      highWaterMark: 1,
      write(chunk: Buffer, _encoding, done) {
        lines += chunk.toString().split('\n').length - 1;
        if (slow) waiting.push(done);
        else done();
      },
    });
    const stdin = Readable.from(input(), { highWaterMark: 1 });
    const ended = execute(['parse', ...NMAP, '-'], contextFor(stdout, capturedStream(), stdin));
    for (let turn = 0; turn < 1_000; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(waiting).toHaveLength(1);
    expect(read).toBeLessThan(10);
    slow = false;
    waiting.shift()?.();
    expect(await ended).toBe(0);
    expect(lines).toBe(5_000 * FINDINGS_PER_HOST);
  });
});
