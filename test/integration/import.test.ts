/** A result from elsewhere, from its upload to its report, through the real service and the command line. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { UploadView } from '#shared/contracts/create-upload.ts';
import { nessusDocument, nessusHost, nessusItem } from '#test/support/nessus.ts';
import { runCli } from '#test/support/run-cli.ts';
import { type RunningService, startService } from '#test/support/service.ts';

/** Of two hosts, the first of which has a weakness. */
const SCAN = nessusDocument(
  nessusHost(nessusItem('<cve>CVE-2016-2183</cve>', { severity: 3 })) +
    nessusHost(nessusItem('', { severity: 0 }), undefined, '192.0.2.8'),
);

const Report = z.object({ coverage: z.array(z.unknown()), findings: z.array(z.unknown()) });

let service: RunningService;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'import-'));
  service = await startService();
});
afterAll(async () => {
  await service?.stop();
  await rm(directory, { recursive: true });
});

/** Imports a file by the command line; its answer and the coverage. */
async function imported(name: string, content: string) {
  const file = join(directory, name);
  await writeFile(file, content);
  const { accessKeyId, secretAccessKey } = service.as('acme');
  const env = {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: service.region,
    SCANFLEET_URL: service.endpoint,
    HOME: directory,
  };
  const { code, stdout, stderr } = await runCli(['import', file, '--name', name, '--wait', '--json'], { env });
  expect(stderr).toContain(`Uploading ${file}: ${Buffer.byteLength(content)} bytes.`);
  const job = JSON.parse(stdout);
  const report = await service.ask(service.as('acme'), `/jobs/${job.jobId}/report?profile=full`);
  return { code, job, report: Report.parse(await report.json()) };
}

const entry = (host: string, status: string, more: object = {}) =>
  expect.objectContaining({ scanner: 'nessus', target: expect.stringMatching(/^upload:/), host, status, ...more });

describe('scanfleet import', () => {
  it('makes a job of a file: its findings, the coverage of its hosts, and a verdict from both', async () => {
    const { code, job, report } = await imported('whole.nessus', SCAN);
    expect(code).toBe(10);
    expect(job).toMatchObject({
      ...{ name: 'whole.nessus', status: 'completed', verdict: 'findings', covered: 2, uncovered: 0, findings: 2 },
      ...{ scanners: ['nessus'], targets: [expect.stringMatching(/^upload:[0-9a-f-]{36}$/)] },
    });
    expect(report.coverage).toEqual([entry('192.0.2.7', 'reached'), entry('192.0.2.8', 'reached')]);
    expect(report.findings[0]).toMatchObject({
      ...{ rule: '51192', severity: 'high', cve: ['CVE-2016-2183'], detectedAt: '2026-11-20T10:00:00.000Z' },
      location: { host: '192.0.2.7', ip: '192.0.2.7', port: 443, protocol: 'tcp' },
    });
  });

  it('of a file without weaknesses is clean', async () => {
    const { code, job } = await imported('clean.nessus', SCAN.replace('severity="3"', 'severity="0"'));
    expect([code, job.verdict]).toEqual([0, 'clean']);
  });

  it('of a file that was cut gives what it holds, and is never clean', async () => {
    const clean = SCAN.replace('severity="3"', 'severity="0"');
    const { code, job, report } = await imported('cut.nessus', clean.slice(0, clean.lastIndexOf('</ReportHost>')));
    expect([code, job.status, job.verdict, job.findings]).toEqual([11, 'completed', 'incomplete', 2]);
    expect(report.coverage).toEqual([
      entry('192.0.2.7', 'reached'),
      entry(job.targets[0], 'not_scanned', { reason: expect.stringContaining('cut off inside <ReportHost>') }),
    ]);
  });

  // biome-ignore format: a table reads by column
  it.each([
    ['of version 1',        'v1.nessus',   '<?xml version="1.0"?><NessusClientData><Report/></NessusClientData>', 'version 1 of the format, which is not supported'],
    ['that is a web page',  'page.nessus', '<!DOCTYPE html><html><body>Not found</body></html>',                  'the document element is <html>'],
  ])('of a file %s fails with the reason', async (_, name, content, reason) => {
    const { code, job } = await imported(name, content);
    expect([code, job.status, job.verdict]).toEqual([12, 'failed', 'no_verdict']);
    expect(job.taskList[0].error).toMatchObject({
      code: 'upload_unreadable',
      message: expect.stringContaining(`not a .nessus file: ${reason}`),
    });
  });
});

describe('an upload', () => {
  const ANNOUNCED = {
    bytes: Buffer.byteLength(SCAN),
    sha256: createHash('sha256').update(SCAN).digest('hex'),
  };

  async function announce(name = 'acme') {
    const answer = await service.ask(service.as(name), '/uploads', { method: 'POST', json: ANNOUNCED });
    expect(answer.status).toBe(201);
    return UploadView.parse(await answer.json());
  }
  const put = ({ url, headers: { 'content-length': _, ...headers } }: UploadView, body: string) =>
    fetch(url, { method: 'PUT', headers, body });
  const submit = (target: string, name = 'acme') =>
    service.ask(service.as(name), '/jobs', {
      method: 'POST',
      json: { targets: [target], scanners: [{ name: 'nessus' }] },
    });

  it('takes no bytes but those that were announced, and until they are there no job', async () => {
    const upload = await announce();
    expect((await put(upload, SCAN.replace('CVE-2016-2183', 'CVE-2016-2184'))).status).toBe(400);
    expect((await put(upload, `${SCAN} `)).status).toBe(403);
    const early = await submit(upload.target);
    expect([early.status, await early.json()]).toEqual([
      400,
      expect.objectContaining({
        errors: [{ field: 'targets[0]', message: expect.stringContaining('has no bytes yet') }],
      }),
    ]);
    expect((await put(upload, SCAN)).status).toBe(200);
    expect((await submit(upload.target)).status).toBe(201);
  });

  it("is another tenant's alone: to anybody else there is none", async () => {
    const upload = await announce('globex');
    expect((await put(upload, SCAN)).status).toBe(200);
    const answer = await submit(upload.target, 'acme');
    expect([answer.status, await answer.json()]).toEqual([
      400,
      expect.objectContaining({
        errors: [{ field: 'targets[0]', message: expect.stringContaining('which there is none of') }],
      }),
    ]);
    expect((await submit(upload.target, 'globex')).status).toBe(201);
  });

  it('over 1 GiB is refused when it is announced', async () => {
    const json = { ...ANNOUNCED, bytes: 1024 ** 3 + 1 };
    const answer = await service.ask(service.as('acme'), '/uploads', { method: 'POST', json });
    expect([answer.status, await answer.json()]).toEqual([
      400,
      expect.objectContaining({
        errors: [{ field: 'bytes', message: expect.stringContaining('must be at most 1073741824') }],
      }),
    ]);
  });
});

it('what can be imported shows, also where it cannot be scanned', async () => {
  const answer = await service.ask(service.as('acme'), '/scanners');
  const { scanners } = (await answer.json()) as { scanners: { name: string; available: boolean; imports: boolean }[] };
  expect(scanners.find(({ name }) => name === 'nessus')).toMatchObject({ available: false, imports: true });
  expect(scanners.find(({ name }) => name === 'nmap')).toMatchObject({ imports: false });
});
