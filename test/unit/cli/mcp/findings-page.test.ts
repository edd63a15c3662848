import { describe, expect, it } from 'vitest';
import { findingsPage, fittedFinding, MAX_PAGE_BYTES, MAX_PAGE_FINDINGS } from '#cli/mcp/findings-page.ts';
import { CorruptError } from '#shared/errors.ts';

const finding = (id: string, more: Record<string, unknown> = {}) => ({
  id,
  scanner: 'nmap',
  rule: 'open-port',
  title: 'Open port 80/tcp',
  severity: 'info' as const,
  location: { host: '127.0.0.1', port: 80, protocol: 'tcp' },
  ...more,
});

async function* report(...findings: unknown[]): AsyncGenerator<Uint8Array> {
  for (const one of findings) yield Buffer.from(`${JSON.stringify(one)}\n`);
  yield Buffer.from(`${JSON.stringify({ end: true, findings: findings.length })}\n`);
}

const idsOf = ({ findings }: { findings: readonly { id: string }[] }) => findings.map(({ id }) => id);
const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

describe('a page of findings', () => {
  const five = ['a', 'b', 'c', 'd', 'e'].map((id) => finding(id));

  it.each([
    [0, 2, ['a', 'b'], true],
    [2, 2, ['c', 'd'], true],
    [4, 2, ['e'], false],
    [3, 2, ['d', 'e'], false],
    [6, 2, [], false],
  ])('from %i of size %i holds %j; more: %j', async (from, size, ids, more) => {
    const page = await findingsPage(report(...five), { from, size });
    expect(idsOf(page)).toEqual(ids);
    expect(page.more).toBe(more);
  });

  it('reads no further than it must', async () => {
    let closed = false;
    async function* endless() {
      try {
        for (let i = 0; ; i += 1) yield Buffer.from(`${JSON.stringify(finding(String(i)))}\n`);
      } finally {
        closed = true;
      }
    }
    expect(idsOf(await findingsPage(endless(), { from: 0, size: 2 }))).toEqual(['0', '1']);
    expect(closed).toBe(true);
  });

  it('is whole where there is room', async () => {
    const { findings } = await findingsPage(
      report(finding('a', { detectedAt: '2026-01-31T12:00:00.000Z', raw: { a: 1 } })),
      {
        from: 0,
        size: 1,
      },
    );
    expect(findings).toEqual([
      {
        id: 'a',
        severity: 'info',
        rule: 'open-port',
        location: { host: '127.0.0.1', port: 80, protocol: 'tcp' },
        title: 'Open port 80/tcp',
        scanner: 'nmap',
        detected_at: '2026-01-31T12:00:00.000Z',
        raw: { a: 1 },
      },
    ]);
  });

  it('stays within its bytes, whatever scanned systems sent, and names what it cut', async () => {
    const hostile = {
      id: 'f'.repeat(64),
      rule: '\u202e'.repeat(5_000),
      title: 'é"\\'.repeat(20_000),
      location: { host: 'h'.repeat(9_000) },
      evidence: '\u001b'.repeat(100_000),
      raw: { deep: ['x'.repeat(200_000)] },
    };
    const many = Array.from({ length: MAX_PAGE_FINDINGS }, () => finding('x', hostile));
    const { findings } = await findingsPage(report(...many), { from: 0, size: MAX_PAGE_FINDINGS });
    expect(findings).toHaveLength(MAX_PAGE_FINDINGS);
    expect(bytesOf(findings)).toBeLessThanOrEqual(MAX_PAGE_BYTES + 2 + MAX_PAGE_FINDINGS);
    expect(findings[0]).toMatchObject({ id: 'f'.repeat(64), severity: 'info' });
    expect(findings[0]?.cut_fields).toEqual(expect.arrayContaining(['rule', 'location', 'evidence', 'raw']));
  });

  it('gives a large finding the room that small ones leave', async () => {
    const small = Array.from({ length: 19 }, (_, i) => finding(String(i)));
    const large = finding('large', { description: 'd'.repeat(20_000) });
    const { findings } = await findingsPage(report(...small, large), { from: 0, size: 20 });
    expect(findings.at(-1)).toMatchObject({ description: 'd'.repeat(20_000) });
    expect(findings.at(-1)).not.toHaveProperty('cut_fields');
  });

  it('refuses a line that is no finding', async () => {
    await expect(findingsPage(report({ severity: 'terrible' }), { from: 0, size: 1 })).rejects.toThrow(CorruptError);
  });
});

describe('a finding with little room', () => {
  it.each(['', 'a'])('keeps the beginning of a text after %j, without half a character', (first) => {
    const shown = fittedFinding(finding('a', { description: first + '🎉'.repeat(1_000) }), 700);
    expect(shown.description).toMatch(/^a?(🎉)+…$/u);
    expect(shown.cut_fields).toEqual(['description']);
    expect(bytesOf(shown)).toBeLessThanOrEqual(700);
  });

  it('leaves a record out whole rather than cut it', () => {
    const shown = fittedFinding(finding('a', { cve: Array.from({ length: 100 }, (_, i) => `CVE-2026-${i}`) }), 700);
    expect(shown).not.toHaveProperty('cve');
    expect(shown.cut_fields).toEqual(['cve']);
  });
});
