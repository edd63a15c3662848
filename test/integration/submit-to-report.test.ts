/**
 * The file to read first: one scan, from a signed request to its report, through everything that runs in production. The service is the
 * real one in a process of its own; what is scanned is a web server of this test on the loopback.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { ReportLinkResponse } from '#shared/contracts/report.ts';
import { type Identity, type RunningService, startService } from '#test/support/service.ts';

let service: RunningService;
let acme: Identity;
let target: Server;
let port: number;

beforeAll(async () => {
  target = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1');
  service = await startService();
  acme = service.as('acme');
  port = (target.address() as AddressInfo).port;
});
afterAll(async () => {
  await service?.stop();
  target.close();
});

const JobAnswer = z.looseObject({ jobId: z.string(), status: z.string() });

/** Asks for the job until it has ended. */
async function ended(jobId: string) {
  for (;;) {
    const job = JobAnswer.parse(await (await service.ask(acme, `/jobs/${jobId}`)).json());
    if (!['queued', 'running', 'cancelling'].includes(job.status)) return job;
    await delay(200);
  }
}

const lines = async (response: Response) =>
  (await response.text())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('one scan', () => {
  let jobId: string;

  it('is accepted as a durable job before anything runs', async () => {
    const response = await service.ask(acme, '/jobs', {
      method: 'POST',
      headers: { 'Idempotency-Key': 'the-first-scan' },
      json: { targets: ['127.0.0.1'], scanners: [{ name: 'nmap', options: { ports: String(port) } }], name: 'first' },
    });
    expect(response.status).toBe(201);
    const job = JobAnswer.parse(await response.json());
    jobId = job.jobId;
    expect(response.headers.get('location')).toMatch(new RegExp(`/jobs/${jobId}$`));
    expect(job).toMatchObject({
      status: 'queued',
      verdict: null,
      name: 'first',
      targets: ['127.0.0.1'],
      tasks: { total: 1, queued: 1 },
      queuePosition: 0,
    });
  });

  it('is not made twice by the same key', async () => {
    const again = await service.ask(acme, '/jobs', {
      method: 'POST',
      headers: { 'Idempotency-Key': 'the-first-scan' },
      json: { targets: ['127.0.0.1'], scanners: [{ name: 'nmap', options: { ports: String(port) } }], name: 'first' },
    });
    expect(again.status).toBe(200);
    expect(await again.json()).toMatchObject({ jobId });
  });

  it('ends completed, with every target covered and an honest verdict', async () => {
    expect(await ended(jobId)).toMatchObject({
      status: 'completed',
      verdict: 'clean',
      percent: 100,
      covered: 1,
      uncovered: 0,
      findings: 1,
      bySeverity: { critical: 0, high: 0, medium: 0, low: 0, info: 1 },
      taskList: [{ taskId: '0001', scanner: 'nmap', status: 'completed', attempt: 1, failures: 0, findings: 1 }],
    });
  });

  it('comes back as a report that streams', async () => {
    const response = await service.ask(acme, `/jobs/${jobId}/report?format=ndjson&profile=full`);
    expect(response.headers.get('scanfleet-findings')).toBe('1');
    const [finding, end] = await lines(response);
    expect(finding).toMatchObject({
      scanner: 'nmap',
      rule: 'open-port',
      severity: 'info',
      location: { host: '127.0.0.1', ip: '127.0.0.1', port, protocol: 'tcp' },
    });
    expect(end).toEqual({ end: true, findings: 1 });
  });

  it('says what happened to each target', async () => {
    const report = await (await service.ask(acme, `/jobs/${jobId}/report`)).json();
    expect(report).toMatchObject({
      job: { jobId, verdict: 'clean' },
      coverage: [{ target: '127.0.0.1', host: '127.0.0.1', status: 'reached' }],
      counts: { findings: 1 },
    });
  });

  it('can be downloaded by a link, without credentials', async () => {
    const askForLink = async () => {
      const response = await service.ask(acme, `/jobs/${jobId}/report-link`, { method: 'POST', json: {} });
      return ReportLinkResponse.parse(await response.json());
    };
    let link = await askForLink();
    while (link.status === 'building') {
      await delay(100);
      link = await askForLink();
    }
    const download = await fetch(link.url);
    expect(download.status).toBe(200);
    const document = await download.text();
    expect(document.length).toBe(link.bytes);
    expect(JSON.parse(document)).toMatchObject({ job: { jobId }, counts: { findings: 1 } });
  });

  it('does not exist for another tenant', async () => {
    const response = await service.ask(service.as('globex'), `/jobs/${jobId}`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: 'job_not_found' });
  });
});

describe('the service', () => {
  it('says how it is, and as whom it knows the caller', async () => {
    const health = await (await service.ask(service.as('admin'), '/health')).json();
    expect(health).toMatchObject({ status: 'ok', tenant: 'operations', admin: true });
  });

  it('describes its own API', async () => {
    const document = await (await service.ask(acme, '/openapi.json')).json();
    expect(document).toMatchObject({ paths: { '/jobs': { post: { operationId: 'submitJob' } } } });
  });
});
