/** Files that other projects collected from real runs of nmap 4.53 to 7.98; the counts are those of independent readers. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseNmap } from '#test/support/nmap.ts';
import { nmapCorpora } from '#test/support/nmap-corpora.ts';

const corpora = nmapCorpora();

describe.skipIf(corpora.length === 0)(
  'the nmap files of the corpora (skipped where ../shared/corpora is absent)',
  () => {
    it('are all there', () => {
      expect(corpora).toHaveLength(25);
      expect(corpora.filter(({ path }) => !existsSync(path))).toEqual([]);
    });

    // Files that a strict XML parser refuses have a comment before their XML declaration, which we allow: so none is partial.
    it.each(corpora)('$name: hosts, hosts up, open ports and exit as counted by others', ({ path, oracle }) => {
      const { summary, hosts, findings } = parseNmap(readFileSync(path));
      expect(summary).toMatchObject({
        records: oracle.hosts,
        hosts: oracle.hosts,
        hostsUp: oracle.hosts_up,
        openPorts: oracle.ports_open,
        partial: false,
        details: { exit: oracle.exit ?? '', total: Number(oracle.runstats_total), version: oracle.version },
      });
      expect(hosts).toHaveLength(oracle.hosts);
      expect(findings.filter(({ rule }) => rule === 'open-port')).toHaveLength(oracle.ports_open);
    });

    it.each(corpora)('$name: no two findings share a fingerprint', ({ path }) => {
      const { findings } = parseNmap(readFileSync(path));
      expect(new Set(findings.map(({ id }) => id)).size).toBe(findings.length);
    });
  },
);
