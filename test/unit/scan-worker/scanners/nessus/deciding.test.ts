/** What is decided about a scan on a Nessus server, without one. */
import { describe, expect, it } from 'vitest';
import type { HostSeen, ParseSummary } from '#containers/scan-worker/scanner.ts';
import { nessusCoverage } from '#containers/scan-worker/scanners/nessus/coverage.ts';
import { readCredentials } from '#containers/scan-worker/scanners/nessus/credentials.ts';
import { nessusOutcome } from '#containers/scan-worker/scanners/nessus/outcome.ts';
import { isOneTooMany, type Member, membersWithRoom } from '#containers/scan-worker/scanners/nessus/pool.ts';
import { nessusProgress } from '#containers/scan-worker/scanners/nessus/progress.ts';
import { isActive, stateOf } from '#containers/scan-worker/scanners/nessus/status.ts';
import { textTargets } from '#containers/scan-worker/scanners/nessus/targets.ts';
import { ForbiddenError, UnavailableError } from '#shared/errors.ts';
import { noFindings } from '#shared/finding/severity.ts';
import type { NessusInstance } from '#shared/scanner/registry.ts';
import { exitOf, member, named, runOf } from '#test/support/nmap.ts';

// biome-ignore format: a table reads by column
it.each([
  ['empty',      'open',      false],
  ['pending',    'open',      true],
  ['running',    'open',      true],
  ['Running',    'open',      true],
  ['pausing',    'open',      true],
  ['paused',     'open',      false],
  ['resuming',   'open',      true],
  ['stopping',   'open',      true],
  ['processing', 'open',      true],
  ['dreaming',   'open',      true],
  ['completed',  'completed', false],
  ['canceled',   'stopped',   false],
  ['stopped',    'stopped',   false],
  ['aborted',    'aborted',   false],
  ['imported',   'aborted',   false],
] as const)('a scan that is %s is %s; that it takes up room is %s', (status, state, active) =>
  expect([stateOf(status), isActive(status)]).toEqual([state, active]),
);

describe('the targets of a scan', () => {
  // biome-ignore format: a table reads by column
  it.each([
    ['an address',                [named('192.0.2.7')],                                   '192.0.2.7'],
    ['a name',                    [named('www.example.com', '192.0.2.7')],                'www.example.com[192.0.2.7]'],
    ['a URL',                     [named('https://www.example.com:8443/a', '192.0.2.7')], 'www.example.com[192.0.2.7]'],
    ['a URL of an address',       [named('http://192.0.2.7/', '192.0.2.7')],              '192.0.2.7'],
    ['a name with IPv6',          [named('www.example.com', '2001:db8::7')],              '2001:db8::7'],
    ['two names of one address',  [named('a.example', '192.0.2.7'), named('b.example', '192.0.2.7')], '192.0.2.7'],
    ['members of a range',        [member('192.0.2.0/31', '192.0.2.0'), member('192.0.2.0/31', '192.0.2.1')], '192.0.2.0,192.0.2.1'],
  ])('of %s', (_, targets, text) => expect(textTargets(targets)).toBe(text));
});

describe('the choice of an instance', () => {
  const instance = (name: string, running: number, maxConcurrentScans: number) =>
    ({
      instance: { name, maxConcurrentScans } as NessusInstance,
      scans: Array.from({ length: running }, (_, id) => ({ id, name: 'weekly', status: 'running' })),
    }) as unknown as Member;
  const chosen = (...members: Member[]) => membersWithRoom({ members, failures: [] }).map((one) => one.instance.name);
  const failing = (error: ForbiddenError | UnavailableError) => ({ instance: {} as NessusInstance, error });

  it('takes those with room, by load', () => {
    expect(chosen(instance('a', 2, 4), instance('b', 9, 10), instance('c', 1, 1), instance('d', 1, 4))).toEqual([
      'd',
      'a',
      'b',
    ]);
  });

  it('is busy when all are full', () => {
    expect(() => chosen(instance('a', 4, 4), instance('b', 2, 1))).toThrow('every Nessus is full (a 4 of 4, b 2 of 1)');
  });

  it('fails as what may pass, where anything may', () => {
    const [never, later] = [
      new ForbiddenError('nessus_denied', 'no'),
      new UnavailableError('nessus_unavailable', 'down'),
    ];
    const of =
      (...errors: (typeof never | typeof later)[]) =>
      () =>
        membersWithRoom({ members: [], failures: errors.map(failing) });
    expect(of(never, later)).toThrow(later);
    expect(of(never)).toThrow(never);
    expect(of()).toThrow('names no enabled instance');
  });

  const scan = (id: number, status: string, name = 'weekly') => ({ id, status, name });
  it.each([
    ['there is room', [scan(1, 'completed'), scan(5, 'empty', 'scanfleet a')], 1, false],
    ['another one runs', [scan(1, 'running'), scan(5, 'empty', 'scanfleet a')], 1, true],
    [
      'one of ours came first and is not launched yet',
      [scan(4, 'empty', 'scanfleet b'), scan(5, 'empty', 'scanfleet a')],
      1,
      true,
    ],
    ['one of ours came later', [scan(5, 'empty', 'scanfleet a'), scan(6, 'empty', 'scanfleet b')], 1, false],
    ['one of ours came later, and runs', [scan(5, 'empty', 'scanfleet a'), scan(6, 'running', 'scanfleet b')], 1, true],
    ['somebody keeps a scan that never ran', [scan(1, 'empty'), scan(5, 'empty', 'scanfleet a')], 1, false],
    ['two may run', [scan(1, 'running'), scan(5, 'empty', 'scanfleet a')], 2, false],
  ])('is thought over before the launch: %s', (_, scans, max, tooMany) =>
    expect(isOneTooMany(5, scans, max)).toBe(tooMany),
  );
});

const summaryOf = (some: Partial<ParseSummary> = {}): ParseSummary => ({
  ...{ records: 0, findings: 0, bySeverity: noFindings(), partial: false, details: {} },
  ...some,
});

describe('coverage', () => {
  const seen = (address: string, state: HostSeen['state'], ...names: string[]): HostSeen => ({ address, names, state });
  const statusOf = (hosts: readonly HostSeen[], target = named('www.example.com', '192.0.2.7')) =>
    nessusCoverage(runOf([target]), hosts, exitOf(), summaryOf())[0]?.status;

  it.each([
    ['by its address', seen('192.0.2.7', 'reached')],
    ['by its name, where the report has no address', seen('WWW.example.com', 'reached', 'WWW.example.com')],
  ])('finds a host %s', (_, host) => expect(statusOf([host])).toBe('reached'));

  it('finds IPv6 in any spelling', () => {
    expect(statusOf([seen('2001:0DB8::0007', 'reached')], named('2001:db8::7'))).toBe('reached');
  });

  it('holds a host that is reported twice for no better than the worse', () => {
    const [through, cut] = [seen('192.0.2.7', 'reached'), seen('192.0.2.7', 'timed_out')];
    expect([statusOf([through, cut]), statusOf([cut, through])]).toEqual(['timed_out', 'timed_out']);
  });

  it('of a silent host is down only where the scan came to its end', () => {
    const run = runOf([named('192.0.2.7')]);
    const statusAfter = (exit = exitOf(), summary = summaryOf()) => nessusCoverage(run, [], exit, summary)[0]?.status;
    expect(statusAfter()).toBe('down');
    expect(statusAfter(exitOf({ reason: 'cancelled' }))).toBe('not_scanned');
    expect(statusAfter(exitOf(), summaryOf({ partial: { reason: 'cut', byteOffset: 9 } }))).toBe('not_scanned');
  });
});

describe('an outcome', () => {
  const error = { code: 'scanner_busy', message: 'full', retryable: true };

  it.each([
    ['is success with a whole report', exitOf(), {}, { ok: true }],
    [
      'is busy where there was no room',
      exitOf({ reason: 'busy', failure: error }),
      {},
      { ok: false, busy: true, error },
    ],
    [
      'is what the run failed of',
      exitOf({ code: 1, failure: { ...error, code: 'nessus_aborted' } }),
      {},
      { ok: false, error: { code: 'nessus_aborted' } },
    ],
    [
      'is a cancel, whatever else',
      exitOf({ code: 1, reason: 'cancelled', failure: error }),
      {},
      { ok: false, error: { code: 'cancelled', retryable: false } },
    ],
    [
      'is no success with half a report',
      exitOf(),
      { partial: { reason: 'cut', byteOffset: 9 } },
      { ok: false, error: { code: 'output_unreadable', retryable: true } },
    ],
  ])('%s', (_, exit, summary, outcome) => expect(nessusOutcome(exit, summaryOf(summary))).toMatchObject(outcome));
});

describe('progress', () => {
  it('never falls, never reaches the end by itself, and reads no other line', () => {
    const reader = nessusProgress();
    const told = (line: string) => {
      reader.write('stderr', Buffer.from(`${line}\n`));
      return reader.latest();
    };
    expect(told('scan 11 runs on one (10.8.3)')).toBeUndefined();
    expect(told('{"status":"running","current":50,"total":100,"hosts":1}')).toEqual({
      ...{ current: 50, total: 100, percent: 50, message: 'running, 1 host' },
    });
    expect(told('{"status":"running","current":50,"total":200,"hosts":2}')?.percent).toBe(50);
    expect(told('{"status":"running","current":200,"total":200,"hosts":2}')?.percent).toBe(99);
    expect(told('{"status":"pending","current":0,"total":0,"hosts":0}')?.percent).toBe(99);
  });
});

describe('credentials', () => {
  const reading = (text: string) => readCredentials({ read: async () => text }, { secret: 'scanfleet/nessus' });

  it.each([
    { accessKey: 'a1', secretKey: 'b2' },
    { username: 'a', password: 'b c;' },
  ])('are %j', async (pair) => {
    expect(await reading(JSON.stringify(pair))).toEqual(pair);
  });

  it.each(['', 'hunter22', '{"accessKey":"hunter22"}', '{"accessKey":"hunter22","secretKey":"a;\\r\\nx: y"}', '[]'])(
    'are not %j, and the error does not repeat it',
    async (text) => {
      const refused = reading(text);
      await expect(refused).rejects.toMatchObject({
        code: 'nessus_denied',
        message: expect.stringContaining('scanfleet/nessus'),
      });
      await expect(refused).rejects.not.toThrow('hunter22');
    },
  );
});
