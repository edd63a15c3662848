/**
 * One submit with nmap, gobuster and axe against the sample service: one report with the findings of all three, and an honest verdict. The
 * service, the scanners and the sample are the real ones; skipped, and counted as that, where gobuster or Chromium is not installed.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { startSample } from '#local/sample/sample.ts';
import { hasChromium } from '#test/support/axe.ts';
import { hasGobuster } from '#test/support/gobuster.ts';
import { type Identity, type RunningService, startService } from '#test/support/service.ts';

const Report = z.looseObject({
  job: z.looseObject({ status: z.string(), verdict: z.string() }),
  coverage: z.array(z.looseObject({ scanner: z.string(), status: z.string() })),
  findings: z.array(
    z.looseObject({ scanner: z.string(), rule: z.string(), location: z.looseObject({ url: z.string().optional() }) }),
  ),
});

describe.skipIf(!hasGobuster || !hasChromium)('one submit with nmap, gobuster and axe', () => {
  let service: RunningService;
  let acme: Identity;
  let site: string;
  let port: number;
  beforeAll(async () => {
    [port = 0] = await startSample('127.0.0.1');
    site = `http://127.0.0.1:${port}/`;
    service = await startService();
    acme = service.as('acme');
  });
  afterAll(async () => void (await service?.stop()));

  /** The report of a job once it has ended. */
  async function reportOf(scanners: readonly object[]) {
    const json = { targets: [site], scanners };
    const submitted = await service.ask(acme, '/jobs', { method: 'POST', json });
    expect(submitted.status).toBe(201);
    const { jobId } = z.looseObject({ jobId: z.string() }).parse(await submitted.json());
    const isOpen = async () => {
      const { status } = z
        .looseObject({ status: z.string() })
        .parse(await (await service.ask(acme, `/jobs/${jobId}`)).json());
      return ['queued', 'running', 'cancelling'].includes(status);
    };
    while (await isOpen()) await delay(300);
    return Report.parse(await (await service.ask(acme, `/jobs/${jobId}/report?format=json`)).json());
  }

  it('gives one report with the findings of all three, every target covered, and an honest verdict', async () => {
    const { job, coverage, findings } = await reportOf([
      { name: 'nmap', options: { ports: String(port) } },
      { name: 'gobuster' },
      { name: 'axe', options: { mode: 'discovery' } },
    ]);
    expect(job).toMatchObject({ status: 'completed', verdict: 'findings' });
    expect(coverage.map(({ scanner, status }) => `${scanner} ${status}`).sort()).toEqual([
      'axe reached',
      'gobuster reached',
      'nmap reached',
    ]);
    const found = findings.map(
      ({ scanner, rule, location: { url = '' } }) => `${scanner} ${rule} ${url.replace(site, '/')}`,
    );
    expect(found.sort()).toEqual([
      'axe color-contrast /orders',
      'axe image-alt /',
      'axe label /orders',
      'gobuster found-path /admin',
      'gobuster found-path /contact',
      'gobuster found-path /orders',
      'nmap open-port ',
    ]);
  });

  it('does not say clean of what it could not test', async () => {
    const { job, coverage } = await reportOf([{ name: 'axe', options: { include: ['#not-there'] } }]);
    expect(job).toMatchObject({ status: 'completed', verdict: 'no_verdict' });
    expect(coverage).toMatchObject([
      { scanner: 'axe', status: 'not_scanned', reason: 'nothing_selected', pages: [{ result: 'nothing_selected' }] },
    ]);
  });
});
