/** A recipe from submit to report, through the real service, with nmap and gobuster on a web server of this machine. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { JobView } from '#shared/contracts/job.ts';
import { hasGobuster } from '#test/support/gobuster.ts';
import { type Identity, type RunningService, startService } from '#test/support/service.ts';

/** It links to nothing: that there is an /admin is for gobuster to find. */
const PAGES: Readonly<Record<string, string>> = { '/': 'Welcome.', '/admin': 'Nothing to see.' };

describe.skipIf(!hasGobuster)('the recipe web', () => {
  let service: RunningService;
  let acme: Identity;
  let site: Server;
  let url: string;
  beforeAll(async () => {
    site = createServer((request, response) => {
      const page = PAGES[request.url ?? ''];
      // Without a server's name nmap does not recognise HTTP on a port of no fame.
      const headers = { 'Content-Type': 'text/html', Server: 'nginx/1.22.1' };
      response.writeHead(page === undefined ? 404 : 200, headers).end(page);
    }).listen(0, '127.0.0.1');
    await once(site, 'listening');
    url = `http://127.0.0.1:${(site.address() as AddressInfo).port}/`;
    service = await startService();
    acme = service.as('acme');
  });
  afterAll(async () => {
    await service?.stop();
    site.close();
    site.closeAllConnections();
  });

  const submit = async (more: object = {}) => {
    const options = { ports: new URL(url).port, serviceDetection: true };
    const json = { targets: ['127.0.0.1'], recipe: 'web', scanners: [{ name: 'nmap', options }], ...more };
    const answer = await service.ask(acme, '/jobs', { method: 'POST', json });
    return JobView.parse(await answer.json()).jobId;
  };
  const view = async (jobId: string) => JobView.parse(await (await service.ask(acme, `/jobs/${jobId}`)).json());
  /** Or until everything has ended. */
  const until = async (jobId: string, is: (job: JobView) => boolean) => {
    for (;;) {
      const job = await view(jobId);
      if (is(job) || job.followUps?.settled) return job;
      await delay(200);
    }
  };
  const of = ({ followUps }: JobView, scanner: string) =>
    followUps?.jobs.find(({ scanners }) => scanners.join() === scanner);

  it('has gobuster look at what nmap found, in one report, and says which scanners did not', async () => {
    const jobId = await submit({ labels: { ticket: 'SEC-7' } });
    const found = await until(jobId, (job) => of(job, 'gobuster')?.status === 'completed');
    // axe needs a browser, and is tried elsewhere: where it starts, it is stopped, and shows as not covered.
    for (const { jobId: other, status } of found.followUps?.jobs ?? [])
      if (status !== 'completed') await service.ask(acme, `/jobs/${other}/cancel`, { method: 'POST' });
    const settled = await until(jobId, () => false);
    expect(settled).toMatchObject({ status: 'completed', verdict: 'clean', rootJobId: jobId });
    const { verdict, notStarted = [] } = settled.followUps ?? {};
    const started = [
      ...(settled.followUps?.jobs ?? []).flatMap(({ scanners }) => scanners),
      ...notStarted.map((cut) => cut.scanner),
    ];
    expect(started.sort()).toEqual(['axe', 'gobuster', 'nuclei']);
    expect(verdict).toBe('incomplete');
    const follow = await view(of(settled, 'gobuster')?.jobId ?? '');
    expect(follow).toMatchObject({ targets: [url], labels: { ticket: 'SEC-7' }, parentJobId: jobId, depth: 1 });

    const report = await service.ask(acme, `/jobs/${jobId}/report?tree=true&profile=full`);
    const text = await report.text();
    const { findings, coverage, counts } = Report.parse(JSON.parse(text));
    expect(findings.map(({ scanner, rule }) => `${scanner} ${rule}`)).toEqual([
      'nmap open-port',
      'gobuster found-path',
    ]);
    expect(findings[1]?.location).toMatchObject({ url: `${url}admin` });
    expect([report.headers.get('scanfleet-findings'), counts.findings]).toEqual(['2', 2]);
    expect(coverage).toContainEqual(expect.objectContaining({ scanner: 'gobuster', host: url, status: 'reached' }));
    for (const { scanner, reason } of notStarted)
      expect(coverage).toContainEqual(
        expect.objectContaining({ scanner, host: url, status: 'not_scanned', reason: `not started: ${reason}` }),
      );
    const lines = await (await service.ask(acme, `/jobs/${jobId}/report?tree=true&format=ndjson`)).text();
    expect(lines.trimEnd().split('\n').at(-1)).toBe('{"end":true,"findings":2}');
  });

  it('cancelled by its first job, which has ended, stops what runs and starts nothing more', async () => {
    const options = { requestsPerSecond: 1 };
    const when = { scanner: 'nmap', rule: 'open-port', service: 'http' };
    const jobId = await submit({ recipe: undefined, followUps: [{ when, scanners: [{ name: 'gobuster', options }] }] });
    await until(jobId, (job) => of(job, 'gobuster')?.status === 'running');
    expect((await service.ask(acme, `/jobs/${jobId}/report?tree=true`)).status).toBe(409);
    const cancelled = await service.ask(acme, `/jobs/${jobId}/cancel`, { method: 'POST' });
    expect([cancelled.status, JobView.parse(await cancelled.json()).status]).toEqual([202, 'completed']);
    const settled = await until(jobId, () => false);
    expect(settled.followUps).toMatchObject({ jobs: [{ status: 'cancelled' }], verdict: 'incomplete' });
    expect(settled.followUps?.jobs).toHaveLength(1);
  });
});

const Report = z.looseObject({
  coverage: z.array(z.looseObject({ scanner: z.string(), host: z.string(), status: z.string() })),
  counts: z.object({ findings: z.int() }),
  findings: z.array(
    z.looseObject({ scanner: z.string(), rule: z.string(), location: z.object({ url: z.string().optional() }) }),
  ),
});
