import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { importCoverage, importer, importOutcome } from '#containers/scan-worker/import.ts';
import { runProcedure } from '#containers/scan-worker/procedure.ts';
import type { HostSeen, ParseSummary } from '#containers/scan-worker/scanner.ts';
import { nessusParser } from '#containers/scan-worker/scanners/nessus/parse.ts';
import { noFindings } from '#shared/finding/severity.ts';
import { type MemoryResults, memoryResults } from '#test/support/memory-results.ts';
import { exitOf } from '#test/support/nmap.ts';

const UPLOAD_ID = '019a0000-0000-7000-8000-00000000beef';
const UPLOAD = `upload:${UPLOAD_ID}`;
const TARGETS = [{ target: UPLOAD, host: UPLOAD, address: UPLOAD }];
const SCANNER = { name: 'nessus', rawName: 'scan.nessus', parser: nessusParser } as const;

let directory: string;
let results: MemoryResults;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'import-'));
  results = memoryResults();
});
afterEach(() => rm(directory, { recursive: true }));

describe('fetching an upload', () => {
  const run = async (signal: AbortSignal = new AbortController().signal) => {
    const scanner = importer(SCANNER, results, 'acme');
    const command = scanner.command({ targets: TARGETS, options: {}, requestsPerSecond: 1, directory });
    if (!('act' in command)) throw new Error('an import is no process');
    const task = { jobId: 'j', taskId: '0001', attempt: 1 };
    const held = { timeoutMs: 10_000, maxOutputBytes: 1_000_000, signal, onStderr: () => undefined };
    return { command, exit: await runProcedure(command, task, held) };
  };

  it("brings the tenant's own home, under the name of the scanner's output", async () => {
    await results.write(`uploads/acme/${UPLOAD_ID}`, Buffer.from('x'.repeat(5_000)), 'text/xml');
    const { command, exit } = await run();
    expect(exit).toMatchObject({ code: 0, reason: 'exited' });
    expect(command).toMatchObject({ argv: ['import', UPLOAD], outputFile: join(directory, 'scan.nessus') });
    expect(await readFile(join(directory, 'scan.nessus'), 'utf8')).toBe('x'.repeat(5_000));
  });

  it('fails for good where it has expired', async () => {
    const { exit } = await run();
    expect(importOutcome(exit, summaryOf())).toMatchObject({
      ok: false,
      error: { code: 'object_missing', retryable: false },
    });
  });

  it('is stopped by a cancel', async () => {
    await results.write(`uploads/acme/${UPLOAD_ID}`, Buffer.from('x'), 'text/xml');
    const { exit } = await run(AbortSignal.abort());
    expect(exit.reason).toBe('cancelled');
    expect(importOutcome(exit, summaryOf())).toMatchObject({ ok: false, error: { code: 'cancelled' } });
  });

  it('asks nobody whether the scanner is there', async () => {
    expect(await importer(SCANNER, results, 'acme').check()).toEqual({
      available: true,
      version: 'not run: imported',
    });
  });
});

const summaryOf = (some: Partial<ParseSummary> = {}): ParseSummary => ({
  records: 3,
  findings: 3,
  bySeverity: noFindings(),
  partial: false,
  details: {},
  ...some,
});
const CUT = { reason: 'cut off inside <cve>', byteOffset: 977 };

describe('what an import is worth', () => {
  // biome-ignore format: a table reads by column
  it.each([
    ['a file read to its end',           summaryOf(),                             undefined],
    ['a file without anything',          summaryOf({ records: 0, findings: 0 }),  undefined],
    ['a file that was cut',              summaryOf({ partial: CUT }),             undefined],
    ['a file that nothing was read of',  summaryOf({ partial: CUT, records: 0 }), { code: 'upload_unreadable', message: 'the upload cannot be imported: cut off inside <cve>', retryable: false }],
  ])('of %s', (_, summary, error) => {
    expect(importOutcome(exitOf(), summary)).toEqual(error === undefined ? { ok: true } : { ok: false, error });
  });
});

describe('the coverage of an import', () => {
  const SEEN: HostSeen[] = [
    { address: '192.0.2.7', names: ['app', 'app.example'], state: 'reached' },
    { address: '192.0.2.8', names: ['192.0.2.8'], state: 'down', reason: 'considered as dead' },
    { address: '192.0.2.9', names: [], state: 'timed_out', reason: 'its scan did not come to an end' },
  ];
  const ENTRIES = [
    { target: UPLOAD, host: 'app', address: '192.0.2.7', status: 'reached' },
    { target: UPLOAD, host: '192.0.2.8', status: 'down', reason: 'considered as dead' },
    { target: UPLOAD, host: '192.0.2.9', status: 'timed_out', reason: 'its scan did not come to an end' },
  ];
  const missing = (reason: string) => ({ target: UPLOAD, host: UPLOAD, status: 'not_scanned', reason });
  const of = (seen: readonly HostSeen[], summary: ParseSummary, exit = exitOf()) =>
    importCoverage({ targets: TARGETS }, seen, exit, summary);

  it('is that of the hosts in the file', () => {
    expect(of(SEEN, summaryOf())).toEqual(ENTRIES);
  });

  it('says what a file that was cut does not tell of', () => {
    const reason = 'the file could not be read to its end: cut off inside <cve> at byte 977';
    expect(of(SEEN, summaryOf({ partial: CUT }))).toEqual([...ENTRIES, missing(reason)]);
  });

  it('is nothing for a file without hosts', () => {
    expect(of([], summaryOf())).toEqual([missing('the file has no hosts')]);
  });

  it('is nothing for what is no file of the scanner', () => {
    expect(of([], summaryOf({ partial: CUT, records: 0 }))).toEqual([
      missing('the upload cannot be imported: cut off inside <cve>'),
    ]);
  });

  it('is incomplete after a stop', () => {
    expect(of(SEEN, summaryOf(), exitOf({ reason: 'cancelled' }))).toEqual([
      ...ENTRIES,
      missing('the import was stopped by a cancel'),
    ]);
  });
});
