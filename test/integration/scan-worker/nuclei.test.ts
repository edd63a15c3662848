/** nuclei's side of a task, with a stand-in for the program (test/support/fake-nuclei.ts) and a web server on loopback. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProcess } from '#containers/scan-worker/process.ts';
import type { Scanner } from '#containers/scan-worker/scanner.ts';
import { nucleiScanner } from '#containers/scan-worker/scanners/nuclei/scanner.ts';
import { webServer } from '#test/support/dying-server.ts';
import { fakeNuclei } from '#test/support/fake-nuclei.ts';
import { named } from '#test/support/nmap.ts';
import { runScan } from '#test/support/run-scan.ts';

const template = (path: string, severity = 'info', tags = ['web']) => ({ severity, tags, path, word: 'secret' });
const PROBES = Object.fromEntries(
  Array.from({ length: 40 }, (_, i) => [`probe-${i}`, template(`/p${i}`, 'info', ['many'])]),
);

let directory: string;
let scanner: Scanner;
let settings: { readonly binary: string; readonly templates: string };
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nuclei-'));
  settings = await fakeNuclei(directory, {
    'exposed-env': template('/.env', 'high'),
    'old-backup': template('/backup', 'low', ['web', 'files']),
    'kills-server': template('/', 'critical', ['web', 'dos']),
    ...PROBES,
  });
  scanner = nucleiScanner({ run: runProcess, settings });
});
afterAll(() => rm(directory, { recursive: true }));

/** What is said of one target of the run. */
const coverageOf = (ran: Awaited<ReturnType<typeof runScan>>) => ran.coverage.map(({ status }) => status);

describe('nuclei', () => {
  it('says its version', async () => {
    expect(await scanner.check()).toEqual({ available: true, version: '3.3.9' });
  });

  it.each([
    ['no program', { binary: '/nonexistent/nuclei' }, 'nuclei is not installed'],
    ['a program that is something else', { binary: process.execPath }, 'did not say a version'],
    ['no templates', { templates: '/nonexistent/templates' }, 'there is no folder /nonexistent/templates'],
  ])('is unavailable with %s, and says why', async (_, some, reason) => {
    const check = await nucleiScanner({ run: runProcess, settings: { ...settings, ...some } }).check();
    expect(check).toMatchObject({ available: false, reason: expect.stringContaining(reason) });
  });

  it('finds what its templates describe, and never runs those that do harm', async () => {
    await using server = await webServer({ pages: { '/': 'secret', '/.env': 'a secret', '/backup': 'nothing' } });
    const ran = await runScan(scanner, [named(server.url, '127.0.0.1')], { tags: ['web', 'dos'] });
    expect(ran.outcome).toEqual({ ok: true });
    expect(ran.list).toMatchObject([
      {
        scanner: 'nuclei',
        rule: 'exposed-env',
        severity: 'high',
        location: { host: '127.0.0.1', url: `${server.url}.env` },
      },
    ]);
    expect(coverageOf(ran)).toEqual(['reached']);
    expect(ran.raw).toContain('"template-id":"exposed-env"');
    expect(server.requests.map(({ path }) => path).sort()).toEqual(['/.env', '/backup']);
  });

  it('scans each target by itself, so that each has a coverage of its own', async () => {
    await using up = await webServer({ pages: { '/.env': 'a secret' } });
    await using gone = await webServer({ pages: {} });
    await gone[Symbol.asyncDispose]();
    const targets = [named(up.url, '127.0.0.1'), named(gone.url, '127.0.0.1')];
    const ran = await runScan(scanner, targets, { templateIds: ['exposed-env', 'old-backup'] });
    expect(coverageOf(ran)).toEqual(['reached', 'down']);
    expect(ran.outcome).toEqual({ ok: true });
    expect(ran.list.map(({ rule }) => rule)).toEqual(['exposed-env']);
  });

  it('holds a target without findings for covered when every request was sent', async () => {
    await using server = await webServer({ pages: {} });
    const ran = await runScan(scanner, [named(server.url, '127.0.0.1')], { severity: ['high', 'low'] });
    expect([ran.list, ran.raw, coverageOf(ran)]).toEqual([[], '', ['reached']]);
  });

  it('does not hold a target for covered that died in mid-scan', async () => {
    await using server = await webServer({ pages: {}, diesAfter: 5 });
    const ran = await runScan(scanner, [named(server.url, '127.0.0.1')], { tags: ['many'] });
    expect(ran.coverage).toMatchObject([{ status: 'timed_out', reason: expect.stringContaining('gave up 127.0.0.1') }]);
  });

  it('fails for good where no template fits', async () => {
    await using server = await webServer({ pages: {} });
    const ran = await runScan(scanner, [named(server.url, '127.0.0.1')], { templateIds: ['none-such'] });
    expect(ran.outcome).toMatchObject({
      ok: false,
      error: { code: 'scanner_refused', message: expect.stringContaining('no templates provided'), retryable: false },
    });
    expect(coverageOf(ran)).toEqual(['not_scanned']);
  });
});
