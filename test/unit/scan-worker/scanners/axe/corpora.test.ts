/** Files that another project collected from real runs of axe-core 3 and 4; the counts are those of independent readers. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { axeCorpora, parseAxe } from '#test/support/axe.ts';

const corpora = axeCorpora();

describe.skipIf(corpora.length === 0)(
  'the axe files of the corpora (skipped where ../shared/corpora is absent)',
  () => {
    it('are all there', () => expect(corpora).toHaveLength(14));

    it.each(corpora)('$name: rules and places as counted by others, no two alike', ({ path, oracle }) => {
      const { findings, summary } = parseAxe(readFileSync(path));
      expect(summary).toMatchObject({
        records: oracle.violations,
        findings: oracle.violation_nodes,
        partial: false,
      });
      expect(new Set(findings.map(({ id }) => id)).size).toBe(findings.length);
      expect(new Set(findings.map(({ rule }) => rule)).size).toBe(oracle.violations);
      for (const { location } of findings) expect(location.selector).not.toBe('');
    });

    it.each(corpora)('$name: the impact of each rule as counted by others', ({ path, oracle }) => {
      const { findings } = parseAxe(readFileSync(path));
      const impacts = new Map(findings.map(({ rule, raw }) => [rule, (raw as { impact: string }).impact]));
      const counts = Object.entries(Object.groupBy(impacts.values(), (impact) => impact));
      expect(Object.fromEntries(counts.map(([impact, list]) => [impact, list?.length]))).toEqual(oracle.impact);
    });
  },
);
