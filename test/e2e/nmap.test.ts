/** The real nmap on loopback, started and stopped the way the worker does it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProcess } from '#containers/scan-worker/process.ts';
import type { Command, Exit, HostSeen, ParseSummary, Scanner, ScanTarget } from '#containers/scan-worker/scanner.ts';
import { nmapScanner } from '#containers/scan-worker/scanners/nmap/scanner.ts';
import type { Finding } from '#shared/finding/finding.ts';
import type { Progress } from '#shared/task/task.ts';
import { member, named } from '#test/support/nmap.ts';

const root = process.geteuid?.() === 0;
const connectScanner = nmapScanner({ run: runProcess, privileged: false });

/** Something that listens and says hello. */
async function listenOn(host: string): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => socket.on('error', () => undefined).end('hello\r\n'));
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

/** A port that was free a moment ago. */
async function closedPort(host: string): Promise<number> {
  const { server, port } = await listenOn(host);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

let ipv4: Awaited<ReturnType<typeof listenOn>>;
let ipv6: Awaited<ReturnType<typeof listenOn>>;
let directory: string;
beforeAll(async () => {
  ipv4 = await listenOn('127.0.0.1');
  ipv6 = await listenOn('::1');
  directory = await mkdtemp(join(tmpdir(), 'nmap-e2e-'));
});
afterAll(async () => {
  ipv4.server.close();
  ipv6.server.close();
  await rm(directory, { recursive: true });
});

interface Scanned {
  readonly exit: Exit;
  readonly summary: ParseSummary;
  readonly findings: readonly Finding[];
  readonly seen: readonly HostSeen[];
  readonly progress: readonly Progress[];
}

/** One group of targets; `onProgress` may stop it. */
async function scan(
  scanner: Scanner,
  targets: readonly ScanTarget[],
  options: Record<string, unknown>,
  { signal = new AbortController().signal, onProgress = (_: Progress) => {}, requestsPerSecond = 10_000 } = {},
): Promise<Scanned> {
  const run = { targets, options: { hostTimeoutSeconds: 60, ...options }, requestsPerSecond, directory };
  const findings: Finding[] = [];
  const seen: HostSeen[] = [];
  const progress: Progress[] = [];
  const reader = scanner.progress(run);
  const parser = scanner.parser(
    { finding: (finding) => findings.push(finding), host: (host) => seen.push(host) },
    { detectedAt: new Date().toISOString(), targets },
  );
  const exit = await runProcess(scanner.command(run) as Command, {
    directory,
    timeoutMs: 100_000,
    maxOutputBytes: 10_000_000,
    signal,
    onStdout(chunk) {
      parser.write(chunk);
      reader.write('stdout', chunk);
      const latest = reader.latest();
      if (latest !== undefined && latest !== progress.at(-1)) {
        progress.push(latest);
        onProgress(latest);
      }
    },
    onStderr: (chunk) => reader.write('stderr', chunk),
  });
  return { exit, summary: parser.end(), findings, seen, progress };
}

const coverageOf = (scanner: Scanner, targets: readonly ScanTarget[], { seen, exit, summary }: Scanned) =>
  scanner.coverage({ targets, options: {}, requestsPerSecond: 10_000, directory }, seen, exit, summary);

describe('nmap', () => {
  it('is here, with a version', async () => {
    expect(await connectScanner.check()).toEqual({ available: true, version: expect.stringMatching(/^\d+\.\d+/) });
  });

  it.each([
    ['127.0.0.1', () => ipv4.port],
    ['::1', () => ipv6.port],
  ] as const)('finds the open port of %s, and not the closed one', async (address, port) => {
    const targets = [named('listener.example', address)];
    const scanned = await scan(connectScanner, targets, {
      ports: [port(), await closedPort(address)].sort((a, b) => a - b).join(','),
    });
    expect(scanned.findings).toMatchObject([
      {
        rule: 'open-port',
        severity: 'info',
        location: { host: 'listener.example', ip: address, port: port(), protocol: 'tcp' },
      },
    ]);
    expect(connectScanner.outcome(scanned.exit, scanned.summary)).toEqual({ ok: true });
    expect(coverageOf(connectScanner, targets, scanned)).toEqual([
      {
        target: 'listener.example',
        host: 'listener.example',
        address,
        status: 'reached',
        reason: expect.any(String),
        technique: 'connect',
      },
    ]);
  });

  it.runIf(root)('scans by raw packets where it may, and says so', async () => {
    const scanner = nmapScanner({ run: runProcess, privileged: true });
    const targets = [named('127.0.0.1')];
    const scanned = await scan(scanner, targets, { ports: String(ipv4.port) });
    expect(scanned.summary.openPorts).toBe(1);
    expect(coverageOf(scanner, targets, scanned)).toMatchObject([{ status: 'reached', technique: 'syn' }]);
  });

  it.each([
    ['connect', false],
    ['raw packets', true],
  ])('by %s asks no faster than it is told to', async (_, privileged) => {
    const listeners = await Promise.all(Array.from({ length: 60 }, () => listenOn('127.0.0.1')));
    const ports = listeners.map(({ port }) => port).sort((a, b) => a - b);
    const scanner = nmapScanner({ run: runProcess, privileged: privileged && root });
    const options = { ports: ports.join(','), timing: 5 };
    const scanned = await scan(scanner, [named('127.0.0.1')], options, { requestsPerSecond: 20 });
    for (const { server } of listeners) server.close();
    expect(scanned.summary.openPorts).toBe(60);
    // 60 probes at 20 a second, less the second that the last of them may be early by.
    expect(scanned.exit.durationMs).toBeGreaterThan(2_000);
  });

  it('reaches a host that has nothing open', async () => {
    const targets = [named('127.0.0.1')];
    const scanned = await scan(connectScanner, targets, { ports: String(await closedPort('127.0.0.1')) });
    expect(scanned.findings).toEqual([]);
    expect(coverageOf(connectScanner, targets, scanned)).toMatchObject([{ status: 'reached', reason: 'conn-refused' }]);
  });

  it('asks a member of a range for life first', async () => {
    const targets = [member('127.0.0.1/32', '127.0.0.1')];
    const scanned = await scan(connectScanner, targets, { ports: String(ipv4.port) });
    expect(coverageOf(connectScanner, targets, scanned)).toMatchObject([{ target: '127.0.0.1/32', status: 'reached' }]);
    expect(scanned.seen[0]?.reason).not.toBe('user-set');
  });

  it('takes IPv4 and IPv6 in groups that it can run', async () => {
    const groups = connectScanner.groups([named('127.0.0.1'), named('::1')]);
    const results = await Promise.all(
      groups.map((targets) => scan(connectScanner, targets, { ports: `${ipv4.port},${ipv6.port}` })),
    );
    expect(results.map(({ summary }) => [summary.openPorts, summary.partial])).toEqual([
      [1, false],
      [1, false],
    ]);
  });

  it('gives up a host at its time limit, and covers it no further', async () => {
    const targets = [named('127.0.0.1')];
    const scanned = await scan(connectScanner, targets, { ports: '1-200', timing: 2, hostTimeoutSeconds: 1 });
    expect(connectScanner.outcome(scanned.exit, scanned.summary)).toEqual({ ok: true });
    expect(coverageOf(connectScanner, targets, scanned)).toMatchObject([{ status: 'timed_out' }]);
  });

  it('tells live how far it is, and ends at once when cancelled', async () => {
    const targets = [named('127.0.0.1')];
    const cancel = new AbortController();
    const scanned = await scan(
      connectScanner,
      targets,
      { ports: '1-1000', timing: 2 },
      { signal: cancel.signal, onProgress: () => cancel.abort() },
    );
    expect(scanned.progress[0]).toMatchObject({ current: 0, total: 1, message: 'Connect Scan' });
    expect(scanned.exit.reason).toBe('cancelled');
    expect(scanned.summary.partial).toMatchObject({ reason: 'cut off inside <nmaprun>' });
    expect(connectScanner.outcome(scanned.exit, scanned.summary)).toMatchObject({
      ok: false,
      error: { code: 'cancelled' },
    });
    expect(coverageOf(connectScanner, targets, scanned)).toMatchObject([{ status: 'not_scanned' }]);
  });

  it('detects a service and runs scripts on it', async () => {
    const scanned = await scan(connectScanner, [named('127.0.0.1')], {
      ports: String(ipv4.port),
      serviceDetection: true,
      scripts: ['default'],
    });
    expect(connectScanner.outcome(scanned.exit, scanned.summary)).toEqual({ ok: true });
    expect(scanned.findings.map(({ rule }) => rule)).toContain('open-port');
    expect(scanned.progress.map(({ percent }) => percent)).toEqual(
      scanned.progress.map(({ percent }) => percent).sort((a, b) => a - b),
    );
  });

  it.each(['default', 'safe', 'version', 'discovery', 'vuln'])('knows the scripts of %s', async (category) => {
    const scanned = await scan(connectScanner, [named('127.0.0.1')], {
      ports: String(await closedPort('127.0.0.1')),
      scripts: [category],
    });
    expect(connectScanner.outcome(scanned.exit, scanned.summary)).toEqual({ ok: true });
  });
});

describe('a machine without nmap', () => {
  it('is told so', async () => {
    const missing = nmapScanner({
      privileged: false,
      run: (command, options) => runProcess({ ...command, file: '/nonexistent/nmap' }, options),
    });
    expect(await missing.check()).toMatchObject({ available: false, reason: expect.stringContaining('not installed') });
  });
});
