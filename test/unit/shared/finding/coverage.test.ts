import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  COVERAGE_STATUSES,
  type CoverageCounts,
  type CoverageEntry,
  type CoverageStatus,
  countCoverage,
  type SummarisedTask,
  summarise,
  verdictOf,
} from '#shared/finding/coverage.ts';
import { noFindings, type SeverityCounts } from '#shared/finding/severity.ts';

const counts = (some: Partial<Record<CoverageStatus, number>>, range?: string): CoverageCounts => ({
  reached: 0,
  down: 0,
  unresolved: 0,
  denied: 0,
  timed_out: 0,
  not_scanned: 0,
  ...some,
  ...(range === undefined ? {} : { range }),
});
const severities = (some: Partial<SeverityCounts> = {}): SeverityCounts => ({ ...noFindings(), ...some });
const done = (
  targetCount: number,
  coverage: CoverageCounts[],
  bySeverity: Partial<SeverityCounts> = {},
): SummarisedTask => ({
  status: 'completed',
  scanner: 'nmap',
  targetCount,
  result: { bySeverity: severities(bySeverity), coverage },
});
const NET = '192.0.2.0/30';

describe('countCoverage', () => {
  const entry = (target: string, host: string, status: CoverageStatus): CoverageEntry => ({ target, host, status });

  it('counts single targets together and each CIDR on its own', () => {
    expect(
      countCoverage([
        entry('a.example', 'a.example', 'reached'),
        entry(NET, '192.0.2.0', 'down'),
        entry('https://b.example/', 'https://b.example/', 'unresolved'),
        entry(NET, '192.0.2.1', 'reached'),
        entry('198.51.100.0/31', '198.51.100.0', 'denied'),
        entry(NET, '192.0.2.2', 'down'),
        entry('c.example', 'c.example', 'reached'),
      ]),
    ).toEqual([
      counts({ reached: 2, unresolved: 1 }),
      counts({ reached: 1, down: 2 }, NET),
      counts({ denied: 1 }, '198.51.100.0/31'),
    ]);
  });

  it('counts nothing for nothing', () => expect(countCoverage([])).toEqual([]));

  it('counts every entry once', () => {
    const anyEntry = fc.record({
      target: fc.constantFrom('a', NET),
      host: fc.constantFrom('a', 'b'),
      status: fc.constantFrom(...COVERAGE_STATUSES),
    });
    fc.assert(
      fc.property(fc.array(anyEntry), (entries) => {
        const rows = countCoverage(entries);
        for (const status of COVERAGE_STATUSES)
          expect(rows.reduce((sum, row) => sum + row[status], 0)).toBe(
            entries.filter((e) => e.status === status).length,
          );
      }),
    );
  });
});

describe('verdictOf', () => {
  // biome-ignore format: a table reads by column
  it.each([
    [1, 0, {},                           'clean'],
    [9, 0, { info: 5 },                  'clean'],
    [1, 0, { low: 1 },                   'findings'],
    [1, 0, { medium: 1 },                'findings'],
    [1, 0, { high: 1, info: 1 },         'findings'],
    [1, 0, { critical: 1 },              'findings'],
    [1, 1, {},                           'incomplete'],
    [9, 1, { critical: 3 },              'incomplete'],
    [0, 1, {},                           'no_verdict'],
    [0, 5, { critical: 3 },              'no_verdict'],
    [0, 0, {},                           'no_verdict'],
  ] as const)('%i covered, %i not, %j: %s', (covered, uncovered, some, verdict) =>
    expect(verdictOf({ covered, uncovered, bySeverity: severities(some) })).toBe(verdict),
  );
});

describe('summarise', () => {
  // biome-ignore format: a table reads by line
  const CASES: [title: string, tasks: SummarisedTask[], verdict: string, covered: number, uncovered: number][] = [
    ['one host that answered', [done(1, [counts({ reached: 1 })])], 'clean', 1, 0],
    ['an import of three hosts, one down', [done(1, [counts({ reached: 2, down: 1 }, 'upload:1')])], 'clean', 3, 0],
    ['an import with a host that was given up', [done(1, [counts({ reached: 2, timed_out: 1 }, 'upload:1')])], 'incomplete', 2, 1],
    ['an import that was cut', [done(1, [counts({ reached: 2 }, 'upload:1'), counts({ not_scanned: 1 })])], 'incomplete', 2, 1],
    ['one host that did not answer', [done(1, [counts({ down: 1 })])], 'no_verdict', 0, 1],
    ['one host whose name did not resolve', [done(1, [counts({ unresolved: 1 })])], 'no_verdict', 0, 1],
    ['one denied host', [done(1, [counts({ denied: 1 })])], 'no_verdict', 0, 1],
    ['one host given up', [done(1, [counts({ timed_out: 1 })])], 'no_verdict', 0, 1],
    ['one host not scanned', [done(1, [counts({ not_scanned: 1 })])], 'no_verdict', 0, 1],
    ['two hosts, one down', [done(2, [counts({ reached: 1, down: 1 })])], 'incomplete', 1, 1],
    ['a CIDR with one answer', [done(4, [counts({ reached: 1, down: 3 }, NET)])], 'clean', 4, 0],
    ['a CIDR without an answer', [done(4, [counts({ down: 4 }, NET)])], 'no_verdict', 0, 4],
    ['a CIDR with one answer and one given up', [done(4, [counts({ reached: 1, down: 2, timed_out: 1 }, NET)])], 'incomplete', 3, 1],
    ['a CIDR with one answer and one denied', [done(4, [counts({ reached: 1, down: 2, denied: 1 }, NET)])], 'incomplete', 3, 1],
    ['a CIDR over two tasks, the answer in the other', [done(2, [counts({ down: 2 }, NET)]), done(2, [counts({ reached: 1, down: 1 }, NET)])], 'clean', 4, 0],
    ['two CIDRs, an answer in one', [done(8, [counts({ reached: 1, down: 3 }, NET), counts({ down: 4 }, '198.51.100.0/30')])], 'incomplete', 4, 4],
    ['a CIDR and a host that is down', [done(5, [counts({ reached: 1, down: 3 }, NET), counts({ down: 1 })])], 'incomplete', 4, 1],
    ['a CIDR that another scanner reached', [done(4, [counts({ reached: 4 }, NET)]), { ...done(4, [counts({ down: 4 }, NET)]), scanner: 'nuclei' }], 'incomplete', 4, 4],
    ['a result that says less than it should', [done(3, [counts({ reached: 2 })])], 'incomplete', 2, 1],
    ['a result without coverage', [done(3, [])], 'no_verdict', 0, 3],
    ['a completed task without a result', [{ status: 'completed', scanner: 'nmap', targetCount: 2 }], 'no_verdict', 0, 2],
    ['a failed task beside a completed one', [done(1, [counts({ reached: 1 })]), { status: 'failed', scanner: 'nmap', targetCount: 1 }], 'incomplete', 1, 1],
    ['a failed task that claims to have reached all', [{ ...done(1, [counts({ reached: 1 })]), status: 'failed' }], 'no_verdict', 0, 1],
    ['a failed task that claims so, beside a completed one', [done(1, [counts({ reached: 1 })]), { ...done(1, [counts({ reached: 1 })]), status: 'failed' }], 'incomplete', 1, 1],
    ['a failed task that claims the answer of a CIDR', [done(2, [counts({ down: 2 }, NET)]), { ...done(2, [counts({ reached: 2 }, NET)]), status: 'failed' }], 'no_verdict', 0, 4],
    ['a failed task alone', [{ status: 'failed', scanner: 'nmap', targetCount: 1 }], 'no_verdict', 0, 1],
    ['a cancelled task with a partial result', [{ ...done(2, [counts({ reached: 1, not_scanned: 1 })]), status: 'cancelled' }], 'incomplete', 1, 1],
    ['a timed out task without a result', [{ status: 'timed_out', scanner: 'nmap', targetCount: 64 }], 'no_verdict', 0, 64],
    ['no tasks', [], 'no_verdict', 0, 0],
    ['findings in everything covered', [done(1, [counts({ reached: 1 })], { high: 1 })], 'findings', 1, 0],
    ['findings, but not everything covered', [done(2, [counts({ reached: 1, down: 1 })], { critical: 2 })], 'incomplete', 1, 1],
    ['info alone', [done(1, [counts({ reached: 1 })], { info: 12 })], 'clean', 1, 0],
  ];
  it.each(CASES)('%s', (_, tasks, verdict, covered, uncovered) => {
    expect(summarise(tasks)).toMatchObject({ verdict, covered, uncovered });
  });

  it('adds up severities over tasks', () => {
    expect(
      summarise([
        done(1, [counts({ reached: 1 })], { high: 1, info: 2 }),
        done(1, [counts({ reached: 1 })], { high: 2, low: 1 }),
      ]).bySeverity,
    ).toEqual({
      critical: 0,
      high: 3,
      medium: 0,
      low: 1,
      info: 2,
    });
  });

  it('never says clean, nor that all was covered, of a job with a task that left no result', () => {
    const someTask = fc.record({
      status: fc.constantFrom('completed' as const, 'cancelled' as const, 'timed_out' as const),
      scanner: fc.constantFrom('nmap', 'nuclei'),
      reached: fc.nat(9),
      down: fc.nat(9),
      range: fc.constantFrom(undefined, NET),
    });
    fc.assert(
      fc.property(fc.array(someTask), fc.integer({ min: 1, max: 66 }), (list, lost) => {
        const tasks = list.map(({ status, scanner, reached, down, range }) => ({
          ...done(reached + down, [counts({ reached, down }, range)]),
          status,
          scanner,
        }));
        const { verdict, uncovered } = summarise([...tasks, { status: 'failed', scanner: 'nmap', targetCount: lost }]);
        expect(['incomplete', 'no_verdict']).toContain(verdict);
        expect(uncovered).toBeGreaterThanOrEqual(lost);
      }),
    );
  });
});
