import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ValidationError } from '#shared/errors.ts';
import { DEFAULT_LIMITS } from '#shared/limits.ts';
import type { ScannerDefinition, ScannerName } from '#shared/scanner/definition.ts';
import { SCANNERS } from '#shared/scanner/index.ts';
import { NmapOptions } from '#shared/scanner/nmap.ts';
import type { MaintenanceWindow } from '#shared/target/maintenance-window.ts';
import { parseTarget } from '#shared/target/parse.ts';
import { countAddresses, expand, planTasks, uniqueTargets } from '#shared/target/plan.ts';
import type { Target, TargetKind } from '#shared/target/target.ts';

const targets = (...texts: string[]): Target[] => texts.map(parseTarget);
const hosts = (list: readonly Target[], from: number, count: number) =>
  [...expand(list, { from, count })].map(({ host }) => host);
const NMAP = [{ name: 'nmap' as const }];

describe('uniqueTargets', () => {
  it('keeps each canonical form once, in the order of its first mention', () => {
    const list = targets('b.example', 'A.example', 'a.example.', '192.0.2.1', '192.0.2.1/32', 'B.EXAMPLE');
    expect(uniqueTargets(list).map(({ text }) => text)).toEqual(['b.example', 'a.example', '192.0.2.1']);
  });
});

describe('uniqueTargets of several windows', () => {
  const [evening, night] = [{ notBefore: '2026-01-31T20:00:00.000Z' }, { notBefore: '2026-01-31T23:00:00.000Z' }];
  const inWindow = (text: string, window?: MaintenanceWindow) => ({ ...parseTarget(text), window });

  it('puts them in the order in which the windows open, those of one window together', () => {
    const list = [
      inWindow('d.example', night),
      inWindow('a.example'),
      inWindow('b.example', evening),
      inWindow('e.example', night),
      inWindow('c.example', { ...evening }),
      inWindow('a.example', {}),
    ];
    expect(uniqueTargets(list).map(({ text }) => text)).toEqual([
      ...['a.example', 'b.example', 'c.example', 'd.example', 'e.example'],
    ]);
  });

  it('refuses a target that is given two', () => {
    const list = [inWindow('a.example', evening), inWindow('b.example'), inWindow('A.example', night)];
    expect(() => uniqueTargets(list)).toThrow(
      new ValidationError([
        { field: 'targets[2]', message: 'names a.example again, with another window; allowed: one window a target' },
      ]),
    );
  });

  it('gives no task targets of two windows, and tasks in the order in which they open', () => {
    const list = uniqueTargets([
      inWindow('192.0.2.0/25', night),
      inWindow('a.example'),
      inWindow('b.example', evening),
      inWindow('c.example'),
    ]);
    const second = {
      name: 'axe',
      title: '',
      options: NmapOptions,
      workerSize: 'large',
      accepts: ['host', 'cidr'],
    } as const;
    const known = new Map<ScannerName, ScannerDefinition>([...SCANNERS, ['axe', second]]);
    const tasks = planTasks(list, [...NMAP, { name: 'axe' }], DEFAULT_LIMITS, known);
    expect(tasks.map(({ scanner, slice: { from, count }, window }) => [scanner, from, count, window])).toEqual([
      ['nmap', 0, 2, undefined],
      ['axe', 0, 2, undefined],
      ['nmap', 2, 1, evening],
      ['axe', 2, 1, evening],
      ['nmap', 3, 64, night],
      ['nmap', 67, 64, night],
      ['axe', 3, 64, night],
      ['axe', 67, 64, night],
    ]);
    expect(() => planTasks(list, NMAP, { tasksPerJob: 3 })).toThrow('need 4 tasks');
  });
});

describe('countAddresses', () => {
  it('counts a CIDR by its addresses and everything else once', () => {
    expect(countAddresses(targets('192.0.2.0/28', 'a.example', 'https://b.example/', '2001:db8::/112'))).toBe(
      16 + 1 + 1 + 65_536,
    );
  });
});

describe('expand', () => {
  it('numbers targets in order, a CIDR by its addresses', () => {
    const list = targets('a.example', '192.0.2.254/31', 'https://b.example/x', '2001:db8::ffff', '2001:db8::fffe/127');
    expect(hosts(list, 0, 100)).toEqual([
      'a.example',
      '192.0.2.254',
      '192.0.2.255',
      'https://b.example/x',
      '2001:db8::ffff',
      '2001:db8::fffe',
      '2001:db8::ffff',
    ]);
  });

  it('names the target each unit belongs to', () => {
    const [first, second] = [...expand(targets('192.0.2.0/31', 'a.example'), { from: 1, count: 2 })];
    expect(first).toMatchObject({ host: '192.0.2.1', target: { text: '192.0.2.0/31' } });
    expect(second).toMatchObject({ host: 'a.example', target: { text: 'a.example' } });
  });

  it('begins and ends inside CIDRs', () => {
    const list = targets('192.0.2.0/30', 'a.example', '198.51.100.0/30');
    expect(hosts(list, 2, 4)).toEqual(['192.0.2.2', '192.0.2.3', 'a.example', '198.51.100.0']);
    expect(hosts(list, 8, 5)).toEqual(['198.51.100.3']);
    expect(hosts(list, 9, 5)).toEqual([]);
    expect(hosts(list, 3, 0)).toEqual([]);
  });

  it('carries over octets and groups', () => {
    expect(hosts(targets('10.1.0.0/16'), 255, 2)).toEqual(['10.1.0.255', '10.1.1.0']);
    expect(hosts(targets('2001:db8::/112'), 65_534, 2)).toEqual(['2001:db8::fffe', '2001:db8::ffff']);
  });
});

describe('planTasks', () => {
  it('gives a task 64 addresses, the last one the rest', () => {
    expect(planTasks(targets('192.0.2.0/25', 'a.example'), NMAP, DEFAULT_LIMITS)).toEqual([
      { scanner: 'nmap', workerSize: 'small', slice: { from: 0, count: 64 } },
      { scanner: 'nmap', workerSize: 'small', slice: { from: 64, count: 64 } },
      { scanner: 'nmap', workerSize: 'small', slice: { from: 128, count: 1 } },
    ]);
  });

  it('gives a task 66 addresses where 64 would need too many tasks', () => {
    const tasks = planTasks(targets('10.1.0.0/16'), NMAP, DEFAULT_LIMITS);
    expect(tasks).toHaveLength(993);
    expect(tasks[0]?.slice).toEqual({ from: 0, count: 66 });
    expect(tasks.at(-1)?.slice).toEqual({ from: 65_472, count: 64 });
  });

  it('keeps 64 as long as they fit', () => {
    const tasks = planTasks(targets('10.1.0.0/17', '10.2.0.0/18', '10.3.0.0/19', '10.4.0.0/20', '10.5.0.0/21'), NMAP, {
      tasksPerJob: 992,
    });
    expect(tasks).toHaveLength(992);
    expect(tasks.every(({ slice }) => slice.count === 64)).toBe(true);
  });

  it.each([
    [
      '10.1.0.0/16 and one more',
      targets('10.1.0.0/16', 'a.example'),
      1_000,
      'targets stand for 65537 addresses; allowed: at most 65536 a job',
    ],
    [
      'more tasks than the limit',
      targets('192.0.2.0/24'),
      3,
      'targets need 4 tasks of 66 addresses; allowed: at most 3 tasks a job',
    ],
  ])('refuses %s', (_, list, tasksPerJob, message) => {
    expect(() => planTasks(list, NMAP, { tasksPerJob })).toThrow(
      new ValidationError([{ field: 'targets', message: message.replace('targets ', '') }]),
    );
  });

  it.each<[TargetKind, string]>([
    ['host', 'a.example'],
    ['address', '192.0.2.1'],
    ['cidr', '192.0.2.0/30'],
    ['url', 'https://a.example/'],
  ])('plans a %s for nmap', (_, text) => expect(planTasks(targets(text), NMAP, DEFAULT_LIMITS)).toHaveLength(1));

  it('refuses a scanner that is not there', () => {
    const plan = () => planTasks(targets('a.example'), NMAP, DEFAULT_LIMITS, new Map());
    expect(plan).toThrow(ValidationError);
  });

  it('names each target of a kind that a scanner does not scan', () => {
    const names = {
      name: 'nmap',
      title: '',
      options: NmapOptions,
      workerSize: 'large',
      accepts: ['host', 'url'],
    } as const;
    const plan = () =>
      planTasks(targets('a.example', '192.0.2.1', '192.0.2.0/31'), NMAP, DEFAULT_LIMITS, new Map([['nmap', names]]));
    expect(plan).toThrow(
      'targets has 192.0.2.1: nmap does not scan a target of kind address; allowed: host, url; targets has 192.0.2.0/31: nmap does not scan a target of kind cidr; allowed: host, url',
    );
  });

  const anyTarget = fc.oneof(
    fc.nat(65_535).map((n) => `10.${n >> 8}.${n & 255}.7`),
    fc.integer({ min: 22, max: 32 }).map((prefix) => `10.9.0.0/${prefix}`),
    fc.integer({ min: 118, max: 128 }).map((prefix) => `2001:db8::/${prefix}`),
    fc.nat(99).map((n) => `host-${n}.example`),
  );
  it('covers each address of each target exactly once', () => {
    fc.assert(
      fc.property(fc.array(anyTarget, { minLength: 1, maxLength: 8 }), (texts) => {
        const list = uniqueTargets(texts.map(parseTarget));
        const units = planTasks(list, NMAP, DEFAULT_LIMITS).flatMap(({ slice }) => [...expand(list, slice)]);
        const seen = units.map(({ target, host }) => `${target.text} ${host}`);
        expect(new Set(seen).size).toBe(seen.length);
        for (const target of list) expect(units.filter((unit) => unit.target === target)).toHaveLength(target.count);
      }),
      { numRuns: 100 },
    );
  });
});
