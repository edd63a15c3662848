/** What becomes of a run of axe: its outcome, and the coverage of its target. */
import { describe, expect, it } from 'vitest';
import type { Exit, ParseSummary } from '#containers/scan-worker/scanner.ts';
import { axeCoverage } from '#containers/scan-worker/scanners/axe/coverage.ts';
import { axeOutcome } from '#containers/scan-worker/scanners/axe/outcome.ts';
import { axeProgress } from '#containers/scan-worker/scanners/axe/progress.ts';
import type { CoverageStatus, PageCoverage } from '#shared/finding/coverage.ts';
import { axeSummary } from '#test/support/axe.ts';
import { exitOf, named, runOf } from '#test/support/nmap.ts';

const CUT = { reason: 'cut off inside an object', byteOffset: 9 };

// biome-ignore format: a table reads by column
const FAILURES: [what: string, exit: Partial<Exit>, summary: Partial<ParseSummary>, code: string, retryable: boolean][] = [
  ['a cancel',                { reason: 'cancelled', code: null, signal: 'SIGTERM' }, {},                            'cancelled',         false],
  ['the time limit',          { reason: 'timed_out', code: null, signal: 'SIGKILL' }, {},                            'timed_out',         false],
  ['too much output',         { reason: 'output_cap', code: null },                   {},                            'output_cap',        false],
  ['a missing program',       { reason: 'not_started', code: null },                  {},                            'scanner_missing',   false],
  ['SIGKILL from the kernel', { code: null, signal: 'SIGKILL' },                      {},                            'oom',               true],
  ['a heap that overflowed',  { code: null, signal: 'SIGABRT' },                      {},                            'scanner_killed',    true],
  ['a bad selector',          { code: 2, stderrTail: 'SelectorError: "[" is none' },  {},                            'scanner_refused',   false],
  ['a browser that hangs',    { code: 1, stderrTail: 'Error: it does not answer' },   {},                            'scanner_failed',    true],
  ['a cut output',            {},                                                     { partial: CUT },              'output_unreadable', true],
  ['no last word',            {},                                                     { details: { ended: false } }, 'scanner_failed',    true],
];

describe('the outcome of axe', () => {
  it('is success for code 0, an output read to its end, and its last word', () => {
    expect(axeOutcome(exitOf(), axeSummary())).toEqual({ ok: true });
  });

  it.each(FAILURES)('of %s is a failure', (_, exit, summary, code, retryable) => {
    expect(axeOutcome(exitOf(exit), axeSummary(summary))).toMatchObject({ ok: false, error: { code, retryable } });
  });
});

const SITE = named('https://app.example/', '192.0.2.7');
const page = (path: string, result: PageCoverage['result'], detail?: string): PageCoverage => ({
  url: `https://app.example/${path}`,
  result,
  ...(detail === undefined ? {} : { detail }),
});

function covered(pages: readonly PageCoverage[], summary: Partial<ParseSummary> = {}, exit: Partial<Exit> = {}) {
  const seen = pages.map((one) => ({ address: one.url, names: [], state: 'reached' as const, page: one }));
  const [entry, ...more] = axeCoverage(runOf([SITE], { mode: 'discovery' }), seen, exitOf(exit), axeSummary(summary));
  expect(more).toEqual([]);
  return entry;
}

// biome-ignore format: a table reads by column
const OWN: [result: PageCoverage['result'], status: CoverageStatus][] = [
  ['tested',           'reached'],
  ['unreachable',      'down'],
  ['tls',              'not_scanned'],
  ['status',           'not_scanned'],
  ['not_html',         'not_scanned'],
  ['timeout',          'timed_out'],
  ['redirected_away',  'not_scanned'],
  ['robots',           'not_scanned'],
  ['nothing_selected', 'not_scanned'],
  ['crashed',          'not_scanned'],
];

// biome-ignore format: a table reads by column
const FURTHER: [result: PageCoverage['result'], detail: string | undefined, status: CoverageStatus][] = [
  ['tested',           undefined, 'reached'],
  ['unreachable',      undefined, 'not_scanned'],
  ['tls',              undefined, 'not_scanned'],
  ['status',           '404',     'reached'],
  ['status',           '403',     'reached'],
  ['status',           '429',     'not_scanned'],
  ['status',           '503',     'not_scanned'],
  ['not_html',         undefined, 'reached'],
  ['timeout',          undefined, 'timed_out'],
  ['redirected_away',  undefined, 'reached'],
  ['robots',           undefined, 'reached'],
  ['nothing_selected', undefined, 'reached'],
  ['crashed',          undefined, 'not_scanned'],
];

describe('the coverage of axe', () => {
  it.each(OWN)('of a target whose own page is %s is %s', (result, status) => {
    expect(covered([page('', result), page('b', 'tested')])).toMatchObject({ status });
  });

  it.each(FURTHER)('of a target with a further page that is %s (%s) is %s', (result, detail, status) => {
    expect(covered([page('', 'tested'), page('b', result, detail)])).toMatchObject({ status });
  });

  it.each(FAILURES)('after %s is not_scanned, whatever was tested', (_, exit, summary) => {
    expect(covered([page('', 'tested')], summary, exit)).toMatchObject({ status: 'not_scanned' });
  });

  it('without a page is not_scanned', () => {
    expect(covered([])).toEqual({
      ...{ target: 'https://app.example/', host: 'https://app.example/', address: '192.0.2.7' },
      ...{ technique: 'discovery', status: 'not_scanned', reason: 'no page was opened' },
    });
  });

  it('names the first page that was lost, and why, and has them all', () => {
    const pages = [page('', 'tested'), page('b', 'timeout'), page('c', 'status', '500')];
    expect(covered(pages)).toMatchObject({
      status: 'not_scanned',
      reason: '2 of 3 pages could not be tested, the first: https://app.example/b: timeout',
      pages,
    });
    expect(covered([page('', 'status', '404')])?.reason).toBe('status (404)');
  });

  it('tells what was left out of what it covers', () => {
    const details = { unvisited: 7, omitted: 2, undecided: 3, blocked: 4 };
    expect(covered([page('', 'tested'), page('b', 'robots')], { details })?.reason).toBe(
      '1 of 2 pages tested; the page limit left 7 more that are known unopened; 2 more places with faults not listed; ' +
        '3 rules that only people can decide; 4 requests to other places not made',
    );
    expect(covered([page('', 'tested')])).not.toHaveProperty('reason');
  });
});

describe('the progress of axe', () => {
  it('is pages done of those known, never falls, and leaves 100 to the end', () => {
    const progress = axeProgress();
    const tell = (text: string) => progress.write('stderr', Buffer.from(text));
    expect(progress.latest()).toBeUndefined();
    tell('{"pages":1,"o');
    tell('f":2}\nnoise\n{"pages":"x"}\n');
    expect(progress.latest()).toEqual({ current: 1, total: 2, percent: 50, message: '1 of 2 pages' });
    tell('{"pages":2,"of":20}\n');
    expect(progress.latest()).toMatchObject({ current: 2, total: 20, percent: 50 });
    tell('{"pages":20,"of":20}\n');
    expect(progress.latest()).toMatchObject({ percent: 99 });
    progress.write('stdout', Buffer.from('{"pages":3,"of":4}\n'));
    expect(progress.latest()).toMatchObject({ current: 20 });
  });
});
