import { describe, expect, it } from 'vitest';
import type { Exit, HostSeen } from '#containers/scan-worker/scanner.ts';
import { nmapCoverage } from '#containers/scan-worker/scanners/nmap/coverage.ts';
import { exitOf, member, named, runOf, summaryOf } from '#test/support/nmap.ts';

const NET = '192.0.2.0/30';
const MEMBERS = [member(NET, '192.0.2.1'), member(NET, '192.0.2.2')];
const seen = (address: string, state: HostSeen['state'], reason = 'why'): HostSeen => ({
  address,
  names: [],
  state,
  reason,
});
const total = (count: number) => summaryOf({ details: { exit: 'success', total: count, technique: 'syn' } });
const CANCELLED: Partial<Exit> = { reason: 'cancelled', code: 143 };

describe('nmapCoverage', () => {
  it.each(['reached', 'down', 'timed_out'] as const)('passes on that a host was %s, why and how', (state) => {
    expect(nmapCoverage(runOf([named('192.0.2.1')]), [seen('192.0.2.1', state)], exitOf(), total(1))).toEqual([
      { target: '192.0.2.1', host: '192.0.2.1', status: state, reason: 'why', technique: 'syn' },
    ]);
  });

  it('names the address that stood for a name', () => {
    const run = runOf([named('https://a.example/', '192.0.2.1')]);
    expect(nmapCoverage(run, [seen('192.0.2.1', 'reached')], exitOf(), total(1))).toEqual([
      {
        target: 'https://a.example/',
        host: 'https://a.example/',
        address: '192.0.2.1',
        status: 'reached',
        reason: 'why',
        technique: 'syn',
      },
    ]);
  });

  it('takes a member of a range that a finished run does not mention for down', () => {
    expect(nmapCoverage(runOf(MEMBERS), [seen('192.0.2.2', 'reached')], exitOf(), total(2))).toEqual([
      { target: NET, host: '192.0.2.1', status: 'down', reason: 'no answer to the liveness check' },
      { target: NET, host: '192.0.2.2', status: 'reached', reason: 'why', technique: 'syn' },
    ]);
  });

  it.each([
    ['was cancelled', CANCELLED, total(2), 'nmap was stopped by a cancel'],
    [
      'was cut',
      {},
      { ...total(2), partial: { reason: 'cut', byteOffset: 7 } },
      /could not be read to its end: cut at byte 7/,
    ],
    ['went through fewer addresses', {}, total(1), 'nmap did not report it'],
  ])('says not_scanned of what a run does not mention that %s', (_, exit, summary, reason) => {
    const entries = nmapCoverage(runOf(MEMBERS), [seen('192.0.2.2', 'reached')], exitOf(exit), summary);
    expect(entries.map(({ status }) => status)).toEqual(['not_scanned', 'reached']);
    expect(entries[0]?.reason).toMatch(reason);
  });

  it('says not_scanned of a named target that a finished run does not mention', () => {
    const [entry] = nmapCoverage(runOf([named('192.0.2.1')]), [], exitOf(), total(1));
    expect(entry).toMatchObject({ status: 'not_scanned', reason: 'nmap did not report it' });
  });

  it('has one entry for each target, also where several share an address or it is spelled in another way', () => {
    const run = runOf([named('a.example', '2001:db8:0::1'), named('b.example', '2001:DB8::1'), named('2001:db8::2')]);
    const entries = nmapCoverage(run, [seen('2001:db8::1', 'reached')], exitOf(), total(2));
    expect(entries.map(({ host, status }) => [host, status])).toEqual([
      ['a.example', 'reached'],
      ['b.example', 'reached'],
      ['2001:db8::2', 'not_scanned'],
    ]);
  });
});
