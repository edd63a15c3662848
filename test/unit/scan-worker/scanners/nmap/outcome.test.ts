import { describe, expect, it } from 'vitest';
import type { Exit, ParseSummary } from '#containers/scan-worker/scanner.ts';
import { nmapOutcome } from '#containers/scan-worker/scanners/nmap/outcome.ts';
import { exitOf, nmapFixture, parseNmap, summaryOf } from '#test/support/nmap.ts';

const CUT = { reason: 'cut off inside <host>', byteOffset: 9 };
const details = (some: ParseSummary['details']): Partial<ParseSummary> => ({ details: some });

type Row = [what: string, exit: Partial<Exit>, summary: Partial<ParseSummary>, code: string, retryable: boolean];

// biome-ignore format: a table reads by column
const FAILURES: Row[] = [
  ['a cancel',                      { reason: 'cancelled', code: 143 },              {},                                          'cancelled',         false],
  ['the time limit',                { reason: 'timed_out', code: null, signal: 'SIGKILL' }, {},                                   'timed_out',         false],
  ['too much output',               { reason: 'output_cap', code: 143 },             {},                                          'output_cap',        false],
  ['a missing program',             { reason: 'not_started', code: null },           { partial: CUT },                            'scanner_missing',   false],
  ['SIGKILL from the kernel',       { code: null, signal: 'SIGKILL' },               { partial: CUT },                            'oom',               true],
  ['SIGKILL as an exit code',       { code: 137 },                                   { partial: CUT },                            'oom',               true],
  ['another signal',                { code: null, signal: 'SIGSEGV' },               { partial: CUT },                            'scanner_killed',    true],
  ['an option nmap does not know',  { code: 255, stderrTail: "nmap: unrecognized option '--nope'" }, { partial: CUT },            'scanner_refused',   false],
  ['missing privileges',            { code: 1, stderrTail: 'You requested a scan type which requires root privileges.\nQUITTING!' }, { partial: CUT }, 'scanner_refused', false],
  ['ports that cannot be',          { code: 1 }, details({ exit: 'error', errorMessage: 'Ports specified must be between 0 and 65535 inclusive' }), 'scanner_refused', false],
  ['a network that is away',        { code: 1 }, details({ exit: 'error', errorMessage: 'route_dst_netlink: can\'t find interface "eth0"' }), 'scanner_failed', true],
  ['code 1 without a word',         { code: 1 },                                     { partial: CUT },                            'scanner_failed',    true],
  ['code 0 but a cut output',       {},                                              { partial: CUT },                            'output_unreadable', true],
  ['code 0 but no word of success', {},                                              details({ exit: '' }),                       'scanner_failed',    true],
  ['code 0 but exit="error"',       {},                                              details({ exit: 'error' }),                  'scanner_failed',    true],
  ['code 0 but no addresses',       {},                                              details({ total: 0 }),                       'nothing_scanned',   false],
  ['code 0 but no count',           {},                                              details({ total: -1 }),                      'nothing_scanned',   false],
];

describe('nmapOutcome', () => {
  it('is success for code 0, a finished output that says so, and at least one address', () => {
    expect(nmapOutcome(exitOf(), summaryOf())).toEqual({ ok: true });
  });

  it.each(FAILURES)('of %s is a failure', (_, exit, summary, code, retryable) => {
    const outcome = nmapOutcome(exitOf(exit), summaryOf(summary));
    expect(outcome).toMatchObject({ ok: false, error: { code, retryable } });
  });

  it('tells what nmap said, and keeps the end of stderr', () => {
    const exit = exitOf({ code: 1, stderrTail: 'first line\nQUITTING!' });
    expect(nmapOutcome(exit, summaryOf({ details: { exit: '' } }))).toEqual({
      ok: false,
      error: {
        code: 'scanner_failed',
        message: 'nmap ended with code 1: first line',
        retryable: true,
        stderrTail: 'first line\nQUITTING!',
      },
    });
  });

  it.each([
    ['service-and-scripts', 0, true],
    ['timed-out', 0, true],
    ['nothing-scanned', 0, false],
    ['terminated', 0, false],
    ['refused', 1, false],
  ])('of the recorded run %s with code %i is ok: %s', (name, code, ok) => {
    expect(nmapOutcome(exitOf({ code }), parseNmap(nmapFixture(name)).summary).ok).toBe(ok);
  });
});
