/** What becomes of a run of gobuster: its outcome, and the coverage of its target. */
import { describe, expect, it } from 'vitest';
import type { Exit, ParseSummary, ScanRun, ScanTarget } from '#containers/scan-worker/scanner.ts';
import { gobusterCoverage } from '#containers/scan-worker/scanners/gobuster/coverage.ts';
import { gobusterOutcome } from '#containers/scan-worker/scanners/gobuster/outcome.ts';
import { gobusterSummary } from '#test/support/gobuster.ts';
import { exitOf, named, runOf } from '#test/support/nmap.ts';

const CUT = { reason: 'a line that is no result', byteOffset: 9 };
const REFUSED =
  'Error: error on running gobuster: unable to connect to http://127.0.0.1:9/: Get "http://127.0.0.1:9/": dial tcp: connect: connection refused';
const ALIKE =
  'Error: the server returns a status code that matches the provided options for non existing urls. http://127.0.0.1/x => 200 (Length: 2). To continue please exclude the status code or the length';
const CERTIFICATE =
  'Error: error on running gobuster: unable to connect to https://app.example/: tls: failed to verify certificate: x509: certificate signed by unknown authority';

// biome-ignore format: a table reads by column
const FAILURES: [what: string, exit: Partial<Exit>, summary: Partial<ParseSummary>, code: string, retryable: boolean][] = [
  ['a cancel',                  { reason: 'cancelled', code: 143 },                          {},               'cancelled',         false],
  ['the time limit',            { reason: 'timed_out', code: null, signal: 'SIGKILL' },      {},               'timed_out',         false],
  ['too much memory',           { reason: 'memory_cap', signal: 'SIGKILL', code: null },      {},               'oom',               true],
  ['too many processes',        { reason: 'process_cap', signal: 'SIGKILL', code: null },     {},               'process_cap',       false],
  ['too much output',           { reason: 'output_cap', code: 143 },                         {},               'output_cap',        false],
  ['a missing program',         { reason: 'not_started', code: null },                       {},               'scanner_missing',   false],
  ['SIGKILL from the kernel',   { code: null, signal: 'SIGKILL' },                           {},               'oom',               true],
  ['another signal',            { code: null, signal: 'SIGSEGV' },                           {},               'scanner_killed',    true],
  ['a flag it does not know',   { code: 1, stderrTail: 'Error: unknown flag: --nope' },      {},               'scanner_refused',   false],
  ['another error',             { code: 1, stderrTail: 'Error: it broke' },                  {},               'scanner_failed',    true],
  ['another code',              { code: 2, stderrTail: 'panic: it broke' },                  {},               'scanner_failed',    true],
  ['a line that is no result',  {},                                                          { partial: CUT }, 'output_unreadable', true],
];

describe('the outcome of gobuster', () => {
  it.each([
    ['code 0', {}],
    ['a target that does not answer', { code: 1, stderrTail: REFUSED }],
    ['a target that answers everything alike', { code: 1, stderrTail: ALIKE }],
    ['a target whose certificate is not to be verified', { code: 1, stderrTail: CERTIFICATE }],
  ])('is success for %s', (_, exit) => {
    expect(gobusterOutcome(exitOf(exit), gobusterSummary())).toEqual({ ok: true });
  });

  it.each(FAILURES)('of %s is a failure', (_, exit, summary, code, retryable) => {
    expect(gobusterOutcome(exitOf(exit), gobusterSummary(summary))).toMatchObject({
      ok: false,
      error: { code, retryable },
    });
  });
});

const SITE = named('http://app.example/', '192.0.2.7');
const entryOf = (
  summary: Partial<ParseSummary>,
  exit: Partial<Exit> = {},
  { target = SITE, options = {} }: { target?: ScanTarget; options?: ScanRun['options'] } = {},
) => gobusterCoverage(runOf([target], options), [], exitOf(exit), gobusterSummary(summary));

describe('the coverage of gobuster', () => {
  it('is reached when no request failed', () => {
    expect(entryOf({})).toEqual([
      {
        target: 'http://app.example/',
        host: 'http://app.example/',
        address: '192.0.2.7',
        status: 'reached',
        technique: 'dir',
      },
    ]);
  });

  it('is not_scanned when one request failed, though gobuster ends with code 0', () => {
    const details = { errors: 306, firstError: 'Get "http://192.0.2.7/w102": EOF' };
    const reason = '306 requests failed, the first: Get "http://192.0.2.7/w102": EOF';
    expect(entryOf({ records: 5, findings: 5, details })).toMatchObject([{ status: 'not_scanned', reason }]);
  });

  // biome-ignore format: a table reads by column
  it.each([
    ['does not answer',                     REFUSED,     'down',        'unable to connect to http://127.0.0.1:9/'],
    ['answers everything alike',            ALIKE,       'not_scanned', 'the server returns a status code that matches'],
    ['has a certificate of nobody we know', CERTIFICATE, 'not_scanned', 'unable to connect to https://app.example/: tls'],
  ])('of a target that %s is', (_, stderrTail, status, reason) => {
    expect(entryOf({}, { code: 1, stderrTail })).toMatchObject([{ status, reason: expect.stringContaining(reason) }]);
  });

  it.each(FAILURES)('after %s is not_scanned, whatever was found', (_, exit, summary) => {
    expect(entryOf({ records: 5, findings: 5, ...summary }, exit)).toMatchObject([{ status: 'not_scanned' }]);
  });

  it('is unresolved for a domain that does not resolve', () => {
    const options = { mode: 'dns' };
    expect(entryOf({ details: { unresolved: true } }, {}, { options })).toMatchObject([
      { status: 'unresolved', technique: 'dns' },
    ]);
  });

  it.each(['dns', 'vhost'])('in mode %s is not_scanned for an address, under which there are no names', (mode) => {
    const target = named('192.0.2.7');
    expect(entryOf({}, {}, { target, options: { mode } })).toMatchObject([{ status: 'not_scanned' }]);
  });
});
