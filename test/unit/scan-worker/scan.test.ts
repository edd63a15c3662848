import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '#containers/scan-worker/clock.ts';
import { type Scanned, scan } from '#containers/scan-worker/scan.ts';
import type { Scanner, ScanRun, ScanTarget } from '#containers/scan-worker/scanner.ts';
import { createStop, type Until } from '#containers/scan-worker/stop.ts';
import { taskProgress } from '#containers/scan-worker/task-progress.ts';
import { FAKE_SCANNER, fakeScanner } from '#test/support/fake-scanner.ts';
import { stubScanner } from '#test/support/stub-scanner.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'scanfleet-scan-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const at = (address: string): ScanTarget => ({ target: address, host: address, address });
const [one, two] = [at('192.0.2.1'), at('192.0.2.2')];
const eachAlone = (targets: readonly ScanTarget[]) => targets.map((target) => [target]);

const deadlineIn = (ms: number): Until => ({ at: new Date(Date.now() + ms).toISOString(), reason: 'deadline' });

function begin(scanner: Scanner, targets = [one, two], until = deadlineIn(60_000)) {
  const stop = createStop();
  const progress = taskProgress();
  const ended = scan(systemClock, {
    task: { jobId: '019a0000-0000-7000-8000-000000000001', taskId: '0001', attempt: 2 },
    ...{ scanner, targets, options: {}, requestsPerSecond: 7, directory, until, stop, progress },
  });
  return { stop, progress, ended };
}

/** The content of a result file, unzipped. */
const contentOf = (name: string) => gunzipSync(readFileSync(join(directory, 'results', name))).toString();
const portsIn = ({ findings }: Scanned) => {
  const lines = contentOf('findings.ndjson.gz').trim().split('\n');
  return findings.findings === 0 ? [] : lines.map((line) => JSON.parse(line).location.port);
};

describe('a scan', () => {
  it('keeps findings, the untouched output, coverage and how the process ended', async () => {
    const output = 'host 192.0.2.1 reached\nport 192.0.2.1 22\nport 192.0.2.1 80\nhost 192.0.2.2 down\n';
    const { ended } = begin(stubScanner({ command: () => fakeScanner('print', output) }));
    const scanned = await ended;
    expect(portsIn(scanned)).toEqual([22, 80]);
    expect(contentOf('raw/stub.txt.gz')).toBe(output);
    expect(scanned.files.map(({ name }) => name)).toEqual(['findings.ndjson.gz', 'raw/stub.txt.gz']);
    expect(scanned.coverage.map(({ host, status }) => [host, status])).toEqual([
      ['192.0.2.1', 'reached'],
      ['192.0.2.2', 'down'],
    ]);
    expect(scanned.outcome).toEqual({ ok: true });
    expect(scanned.runs).toMatchObject([
      { argv: [process.execPath, FAKE_SCANNER, 'print', output], exit: { code: 0 } },
    ]);
    expect(scanned.stopped).toBeUndefined();
  });

  it('runs groups one after the other, each with its own directory and raw output', async () => {
    const directories: string[] = [];
    const command = ({ targets, directory: own }: { targets: readonly ScanTarget[]; directory: string }) => {
      directories.push(own);
      return fakeScanner(
        'print',
        targets.map(({ address }) => `host ${address} reached\nport ${address} 443\n`).join(''),
      );
    };
    const { ended } = begin(stubScanner({ command, groups: eachAlone }));
    const scanned = await ended;
    expect(scanned.findings.findings).toBe(2);
    expect(scanned.coverage.map(({ status }) => status)).toEqual(['reached', 'reached']);
    expect(readdirSync(join(directory, 'results/raw')).sort()).toEqual(['stub-2.txt.gz', 'stub.txt.gz']);
    expect(contentOf('raw/stub-2.txt.gz')).toContain('192.0.2.2');
    expect(new Set(directories).size).toBe(2);
  });

  it('fails for good when one group does, and still runs the others', async () => {
    const codes = ['75', '1', '0'];
    const { ended } = begin(
      stubScanner({ command: () => fakeScanner('exit', codes.shift() ?? ''), groups: eachAlone }),
      [one, two, at('192.0.2.3')],
    );
    const { outcome, runs } = await ended;
    expect(runs.map(({ exit }) => exit.code)).toEqual([75, 1, 0]);
    expect(outcome).toMatchObject({ ok: false, error: { message: 'exit 1', retryable: false } });
  });

  it('keeps what was found until it was stopped, and leaves the rest as not scanned', async () => {
    const output = 'host 192.0.2.1 reached\nport 192.0.2.1 22\npercent 50\n';
    const { ended, stop, progress } = begin(
      stubScanner({ command: () => fakeScanner('print', output, 'sleep'), groups: eachAlone }),
    );
    await expect.poll(() => progress.latest()?.percent).toBe(25);
    stop.now('cancelled');
    const scanned = await ended;
    expect(scanned.stopped).toBe('cancelled');
    expect(portsIn(scanned)).toEqual([22]);
    expect(scanned.runs).toMatchObject([{ exit: { reason: 'cancelled' } }]);
    expect(scanned.coverage).toMatchObject([
      { host: '192.0.2.1', status: 'reached' },
      { host: '192.0.2.2', status: 'not_scanned', reason: expect.stringContaining('cancelled') },
    ]);
  });

  it('stops at the deadline', async () => {
    const { ended } = begin(
      stubScanner({ command: () => fakeScanner('sleep'), groups: eachAlone }),
      [one, two],
      deadlineIn(200),
    );
    const { stopped, coverage } = await ended;
    expect(stopped).toBe('deadline');
    expect(coverage.map(({ status }) => status)).toEqual(['not_scanned', 'not_scanned']);
  });

  it('starts nothing once its window has closed, and says so', async () => {
    const until: Until = { at: new Date(Date.now()).toISOString(), reason: 'window_closed' };
    const { ended } = begin(stubScanner({ command: () => fakeScanner('exit', '1') }), [one], until);
    const { stopped, runs, coverage } = await ended;
    expect([stopped, runs]).toEqual(['window_closed', []]);
    expect(coverage).toMatchObject([{ status: 'not_scanned', reason: 'stopped before it began: window_closed' }]);
  });

  it('gives a run its requests a second', async () => {
    let given = 0;
    const command = ({ requestsPerSecond }: ScanRun) => {
      given = requestsPerSecond;
      return fakeScanner('exit', '0');
    };
    await begin(stubScanner({ command })).ended;
    expect(given).toBe(7);
  });

  it('of no targets finds nothing and covers nothing', async () => {
    const { ended } = begin(stubScanner({ command: () => fakeScanner('exit', '1') }), []);
    const { findings, coverage, runs, outcome } = await ended;
    expect({ ...findings, coverage, runs, outcome }).toMatchObject({
      findings: 0,
      bytes: 20,
      coverage: [],
      runs: [],
      outcome: { ok: true },
    });
  });
});
