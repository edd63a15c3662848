/** Files that other projects collected from Nessus 4 to 10 and from Tenable's scans of web applications; the counts are those of independent readers. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Finding } from '#shared/finding/finding.ts';
import { nessusCorpora, parseNessus } from '#test/support/nessus.ts';

const corpora = nessusCorpora();
const whole = corpora.flatMap(({ name, path, oracle }) =>
  'root' in oracle && oracle.root === 'NessusClientData_v2' ? [{ name, path, oracle }] : [],
);
const broken = corpora.flatMap(({ name, path, oracle }) =>
  'items_before_error' in oracle ? [{ name, path, oracle }] : [],
);
const old = corpora.filter(({ oracle }) => 'root' in oracle && oracle.root === 'NessusClientData');

const count = (findings: readonly Finding[], of: (finding: Finding) => number): number =>
  findings.reduce((sum, finding) => sum + of(finding), 0);

describe.skipIf(corpora.length === 0)(
  'the .nessus files of the corpora (skipped where ../shared/corpora is absent)',
  () => {
    it('are all there', () => {
      expect([whole.length, broken.length, old.length, corpora.length]).toEqual([7, 1, 1, 9]);
      expect(corpora.filter(({ path }) => !existsSync(path))).toEqual([]);
    });

    it.each(whole)('$name: hosts, items, severities, CVEs and outputs as counted by others', ({ path, oracle }) => {
      const { summary, hosts, findings } = parseNessus(readFileSync(path));
      const { 0: info = 0, 1: low = 0, 2: medium = 0, 3: high = 0, 4: critical = 0 } = oracle.severity;
      expect(summary).toMatchObject({
        records: oracle.items,
        findings: oracle.items,
        hosts: oracle.hosts,
        bySeverity: { critical, high, medium, low, info },
        partial: false,
      });
      expect(hosts).toHaveLength(oracle.hosts);
      expect(count(findings, ({ cve = [] }) => cve.length)).toBe(oracle.cves);
      expect(count(findings, ({ evidence }) => (evidence === undefined ? 0 : 1))).toBe(oracle.plugin_outputs);
    });

    it.each(broken)('$name, which is ill-formed: the items before the fault, and where it is', ({ path, oracle }) => {
      const { summary, hosts, findings } = parseNessus(readFileSync(path));
      expect(summary).toMatchObject({
        records: oracle.items_before_error,
        hosts: oracle.hosts_before_error,
        partial: { reason: 'a < that begins no markup', byteOffset: 256_344 },
      });
      expect(findings).toHaveLength(oracle.items_before_error);
      expect(hosts).toHaveLength(oracle.hosts_before_error);
    });

    it.each(old)('$name, of version 1: one clear error and nothing else', ({ path }) => {
      const { summary, findings } = parseNessus(readFileSync(path));
      expect(findings).toEqual([]);
      expect(summary.partial).toMatchObject({
        reason: expect.stringContaining('not a .nessus file: version 1 of the format, which is not supported'),
      });
    });

    it.each([...whole, ...broken])(
      '$name: two findings share a fingerprint only where one plugin speaks twice of one port',
      ({ path }) => {
        const { findings } = parseNessus(readFileSync(path));
        const places = findings.map(({ rule, location: { host, port, protocol } }) =>
          [rule, host, port, protocol].join(' '),
        );
        expect(new Set(findings.map(({ id }) => id)).size).toBe(new Set(places).size);
        expect(findings.length - new Set(places).size).toBeLessThanOrEqual(1);
      },
    );
  },
);
