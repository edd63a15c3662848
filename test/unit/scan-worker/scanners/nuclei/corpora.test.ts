/** Files that other projects collected from real runs of nuclei 2 and 3; the counts are those of independent readers. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { nucleiCorpora, parseNuclei } from '#test/support/nuclei.ts';

const corpora = nucleiCorpora();

describe.skipIf(corpora.length === 0)(
  'the nuclei files of the corpora (skipped where ../shared/corpora is absent)',
  () => {
    it('are all there', () => expect(corpora).toHaveLength(8));

    it.each(corpora)('$name: records and severities as counted by others, no two alike', ({ path, oracle }) => {
      const { findings, summary } = parseNuclei(readFileSync(path));
      expect(summary).toMatchObject({
        records: oracle.records,
        findings: oracle.records,
        bySeverity: { critical: 0, high: 0, medium: 0, low: 0, info: 0, ...oracle.severity },
        partial: false,
      });
      expect(new Set(findings.map(({ id }) => id)).size).toBe(findings.length);
      for (const { location } of findings) expect(location.host).not.toBe('');
    });
  },
);
