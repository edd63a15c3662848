/** What becomes of a run of nuclei: its outcome, and the coverage of its target. */
import { describe, expect, it } from 'vitest';
import type { Exit, ParseSummary, ScanTarget } from '#containers/scan-worker/scanner.ts';
import { nucleiCoverage } from '#containers/scan-worker/scanners/nuclei/coverage.ts';
import { nucleiOutcome } from '#containers/scan-worker/scanners/nuclei/outcome.ts';
import type { CoverageStatus } from '#shared/finding/coverage.ts';
import { exitOf, named, runOf } from '#test/support/nmap.ts';
import { nucleiSummary } from '#test/support/nuclei.ts';

const CUT = { reason: 'a record that is not JSON', byteOffset: 9 };
const details = (some: ParseSummary['details']): Partial<ParseSummary> => ({ details: some });

// biome-ignore format: a table reads by column
const FAILURES: [what: string, exit: Partial<Exit>, summary: Partial<ParseSummary>, code: string, retryable: boolean][] = [
  ['a cancel',                    { reason: 'cancelled', code: null, signal: 'SIGTERM' },                 {},               'cancelled',         false],
  ['the time limit',              { reason: 'timed_out', code: null, signal: 'SIGKILL' },                 {},               'timed_out',         false],
  ['too much output',             { reason: 'output_cap', code: null, signal: 'SIGTERM' },                {},               'output_cap',        false],
  ['a missing program',           { reason: 'not_started', code: null },                                  {},               'scanner_missing',   false],
  ['SIGKILL from the kernel',     { code: null, signal: 'SIGKILL' },                                      {},               'oom',               true],
  ['SIGKILL as an exit code',     { code: 137 },                                                          {},               'oom',               true],
  ['another signal',              { code: null, signal: 'SIGSEGV' },                                      {},               'scanner_killed',    true],
  ['no templates',                { code: 1, stderrTail: '[FTL] no templates provided for scan' },        {},               'scanner_refused',   false],
  ['a flag it does not know',     { code: 2, stderrTail: 'flag provided but not defined: -nope' },        {},               'scanner_refused',   false],
  ['code 1 with another reason',  { code: 1, stderrTail: '[FTL] could not create runner' },               {},               'scanner_failed',    true],
  ['a cut output',                {},                                                                     { partial: CUT }, 'output_unreadable', true],
  ['no statistics',               {},                                                                     details({ requests: -1 }), 'scanner_failed', true],
];

describe('the outcome of nuclei', () => {
  it('is success for code 0, an output read to its end, and statistics', () => {
    expect(nucleiOutcome(exitOf(), nucleiSummary())).toEqual({ ok: true });
  });

  it.each(FAILURES)('of %s is a failure', (_, exit, summary, code, retryable) => {
    expect(nucleiOutcome(exitOf(exit), nucleiSummary(summary))).toMatchObject({
      ok: false,
      error: { code, retryable },
    });
  });

  it('tells the last that nuclei said', () => {
    const exit = exitOf({ code: 1, stderrTail: '[INF] hello\n[FTL] it broke' });
    expect(nucleiOutcome(exit, nucleiSummary())).toMatchObject({
      error: { message: 'nuclei ended with code 1: [FTL] it broke', stderrTail: '[INF] hello\n[FTL] it broke' },
    });
  });
});

const SITE = named('https://app.example', '192.0.2.7');
const HOST = named('app.example', '192.0.2.7');

function statusOf(summary: Partial<ParseSummary>, target: ScanTarget = SITE, exit: Partial<Exit> = {}) {
  const entries = nucleiCoverage(runOf([target]), [], exitOf(exit), nucleiSummary(summary));
  expect(entries).toHaveLength(1);
  return entries[0]?.status;
}

// biome-ignore format: a table reads by column
const COVERAGE: [what: string, details: ParseSummary['details'], target: ScanTarget, status: CoverageStatus][] = [
  ['all requests sent',                              {},                                       SITE, 'reached'],
  ['some of them failed',                            { errors: 4 },                            SITE, 'reached'],
  ['all of them failed',                             { errors: 10 },                           SITE, 'down'],
  ['none sent',                                      { requests: 0, total: 0 },                SITE, 'not_scanned'],
  ['fewer sent than there are',                      { requests: 9 },                          SITE, 'not_scanned'],
  ['its own endpoint given up',                      { skipped: 'app.example:443' },           SITE, 'timed_out'],
  ['its own endpoint given up, among others',        { skipped: 'app.example:8080 APP.example:443' }, SITE, 'timed_out'],
  ['its host given up',                              { skipped: 'app.example' },               SITE, 'timed_out'],
  ['another port of it given up',                    { skipped: 'app.example:5814' },          SITE, 'reached'],
  ['another host given up',                          { skipped: 'other.example:443' },         SITE, 'reached'],
  ['a web port of a host given up',                  { skipped: 'app.example:80' },            HOST, 'timed_out'],
  ['another port of a host given up',                { skipped: 'app.example:22' },            HOST, 'reached'],
];

describe('the coverage of nuclei', () => {
  it.each(COVERAGE)('with %s (%j) is', (_, some, target, status) => {
    expect(statusOf({ details: some }, target)).toBe(status);
  });

  it.each(FAILURES)('after %s is not_scanned, whatever was found', (_, exit, summary) => {
    expect(statusOf({ records: 5, findings: 5, ...summary }, SITE, exit)).toBe('not_scanned');
  });

  it('holds a finding for an answer, though every request is said to have failed', () => {
    expect(statusOf({ records: 1, details: { errors: 10 } })).toBe('reached');
  });

  it('names the target, its address, and why it was not covered', () => {
    expect(nucleiCoverage(runOf([HOST]), [], exitOf(), nucleiSummary(details({ requests: 9 })))).toEqual([
      {
        target: 'app.example',
        host: 'app.example',
        address: '192.0.2.7',
        status: 'not_scanned',
        reason: 'nuclei sent 9 of 10 requests',
      },
    ]);
  });
});
