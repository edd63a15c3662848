import { gunzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import type { CoverageEntry } from '#shared/finding/coverage.ts';
import type { JobRecords } from '#shared/job/records.ts';
import { collect } from '#shared/report/bytes.ts';
import {
  canStitch,
  estimateBytes,
  type ReportRequest,
  reportDocument,
  stitchedDocument,
} from '#shared/report/document.ts';
import { aFinding, aJob, aSpec, aTask, leaveResult } from '#test/support/job-records.ts';
import { type MemoryResults, memoryResults } from '#test/support/memory-results.ts';

const FULL_JSON: ReportRequest = { format: 'json', profile: 'full', severity: 'info' };
const FULL_NDJSON: ReportRequest = { format: 'ndjson', profile: 'full', severity: 'info' };

const reached = (host: string): CoverageEntry => ({ target: host, host, status: 'reached' });

let results: MemoryResults;
/** Three tasks of one target each: two findings, none, one finding. */
let records: JobRecords;

beforeEach(async () => {
  results = memoryResults();
  const [first, second, third] = ['0001', '0002', '0003'].map((taskId, from) =>
    aTask({ taskId, slice: { from, count: 1 }, attempt: 2 }),
  ) as [ReturnType<typeof aTask>, ReturnType<typeof aTask>, ReturnType<typeof aTask>];
  records = {
    job: aJob({ taskCount: 3, findings: 3 }),
    spec: aSpec({ targets: ['203.0.113.1', '203.0.113.2', '203.0.113.3'], targetCount: 3 }),
    tasks: [
      {
        ...first,
        result: await leaveResult(
          results,
          first,
          [
            aFinding({ rule: 'one', severity: 'high', raw: { script: 'x' }, evidence: 'line\nline' }),
            aFinding({ rule: 'two' }),
          ],
          [reached('203.0.113.1')],
        ),
      },
      { ...second, result: await leaveResult(results, second, [], [reached('203.0.113.2')]) },
      {
        ...third,
        result: await leaveResult(
          results,
          third,
          [aFinding({ rule: 'three', severity: 'low' })],
          [reached('203.0.113.3')],
        ),
      },
    ],
  };
});

const textOf = async (request: ReportRequest) =>
  (await collect(reportDocument(results, records, request).body)).toString();
const jsonOf = async (request: ReportRequest) => JSON.parse(await textOf(request));
const rulesOf = ({ findings }: { findings: { rule: string }[] }) => findings.map(({ rule }) => rule);

describe('the JSON report', () => {
  it('holds job, coverage, counts and findings, in that order', async () => {
    const report = await jsonOf(FULL_JSON);
    expect(Object.keys(report)).toEqual(['job', 'coverage', 'counts', 'findings']);
    expect(report.job).toMatchObject({ jobId: records.job.jobId, targetCount: 3 });
    expect(report.coverage).toEqual([
      { scanner: 'nmap', target: '203.0.113.1', host: '203.0.113.1', status: 'reached' },
      { scanner: 'nmap', target: '203.0.113.2', host: '203.0.113.2', status: 'reached' },
      { scanner: 'nmap', target: '203.0.113.3', host: '203.0.113.3', status: 'reached' },
    ]);
    expect(report.counts).toEqual({
      findings: 3,
      bySeverity: { critical: 0, high: 1, medium: 0, low: 1, info: 1 },
    });
    expect(rulesOf(report)).toEqual(['one', 'two', 'three']);
  });

  it('shows a finding in full as the worker wrote it', async () => {
    expect((await jsonOf(FULL_JSON)).findings[0]).toEqual(
      aFinding({ rule: 'one', severity: 'high', raw: { script: 'x' }, evidence: 'line\nline' }),
    );
  });

  it('shows no more of a finding than the profile', async () => {
    const report = await jsonOf({ ...FULL_JSON, profile: 'minimal' });
    expect(report.findings[0]).toEqual({
      id: 'f'.repeat(64),
      rule: 'one',
      severity: 'high',
      location: { host: '203.0.113.7', port: 22, protocol: 'tcp' },
    });
    expect(rulesOf(report)).toEqual(['one', 'two', 'three']);
  });

  it('leaves out what is less severe, in the counts too', async () => {
    const report = await jsonOf({ ...FULL_JSON, severity: 'low' });
    expect(rulesOf(report)).toEqual(['one', 'three']);
    expect(report.counts).toEqual({ findings: 2, bySeverity: { critical: 0, high: 1, medium: 0, low: 1, info: 0 } });
  });

  it.each(['full', 'brief'] as const)('is valid without any finding, in profile %s', async (profile) => {
    const report = await jsonOf({ format: 'json', profile, severity: 'critical' });
    expect(report.findings).toEqual([]);
    const none = await jsonOf.call(undefined, { format: 'json', profile, severity: 'info' });
    expect(none.counts.findings).toBe(3);
  });
});

describe('the NDJSON report', () => {
  it('is one finding a line, and a last line that says it is whole', async () => {
    const lines = (await textOf(FULL_NDJSON)).split('\n');
    expect(lines).toHaveLength(5);
    expect(lines.slice(0, 3).map((line) => JSON.parse(line).rule)).toEqual(['one', 'two', 'three']);
    expect(lines.slice(3)).toEqual(['{"end":true,"findings":3}', '']);
  });

  it('counts in its last line what it shows', async () => {
    const text = await textOf({ ...FULL_NDJSON, severity: 'high' });
    expect(text.split('\n').slice(1)).toEqual(['{"end":true,"findings":1}', '']);
  });
});

describe('the stitched report', () => {
  it('is the NDJSON report, gzipped into one member', async () => {
    const { body, findings, encoding } = stitchedDocument(results, records);
    const bytes = await collect(body);
    expect([findings, encoding]).toEqual([3, 'gzip']);
    expect(gunzipSync(bytes).toString()).toBe(await textOf(FULL_NDJSON));
    expect(bytes.indexOf(Buffer.from('1f8b08', 'hex'), 1)).toBe(-1);
  });

  it('is whole without any finding', async () => {
    records = { ...records, tasks: [aTask()] };
    const bytes = await collect(stitchedDocument(results, records).body);
    expect(gunzipSync(bytes).toString()).toBe('{"end":true,"findings":0}\n');
  });

  it('reads of each result only what lies between its ends, and nothing of one without findings', async () => {
    await collect(stitchedDocument(results, records).body);
    const bytes = records.tasks[0]?.result?.bytes ?? 0;
    expect(results.reads).toHaveLength(2);
    expect(results.reads[0]).toBe(
      `results/111111111111/${records.job.jobId}/0001/2/findings.ndjson.gz 10-${bytes - 11}`,
    );
  });

  it('serves only the full profile from the least severity on', () => {
    expect(canStitch(FULL_NDJSON)).toBe(true);
    expect(canStitch({ ...FULL_NDJSON, profile: 'brief' })).toBe(false);
    expect(canStitch({ ...FULL_NDJSON, severity: 'low' })).toBe(false);
    expect(canStitch(FULL_JSON)).toBe(false);
  });
});

describe('what a report is read from', () => {
  it('is the attempt that the task names, whatever others left', async () => {
    await leaveResult(results, { taskId: '0001', attempt: 1 }, [aFinding({ rule: 'stale' })]);
    await leaveResult(results, { taskId: '0001', attempt: 3 }, [aFinding({ rule: 'late' })]);
    expect(rulesOf(await jsonOf(FULL_JSON))).toEqual(['one', 'two', 'three']);
  });

  it('accounts for the targets of a task without a result, with its error as the reason', async () => {
    const failed = aTask({
      taskId: '0004',
      slice: { from: 3, count: 3 },
      status: 'failed',
      error: { code: 'scanner_failed', message: 'nmap ended with code 1', retryable: false },
    });
    const cancelled = aTask({ taskId: '0005', slice: { from: 6, count: 1 }, status: 'cancelled' });
    records = {
      job: aJob({ status: 'cancelled', taskCount: 5 }),
      spec: aSpec({ targets: ['203.0.113.1', '203.0.113.2', '203.0.113.3', '198.51.100.0/30'], targetCount: 4 }),
      tasks: [...records.tasks, failed, cancelled],
    };
    const report = await jsonOf(FULL_JSON);
    expect(report.coverage.slice(3)).toEqual([
      ...['198.51.100.0', '198.51.100.1', '198.51.100.2'].map((host) => ({
        scanner: 'nmap',
        target: '198.51.100.0/30',
        host,
        status: 'not_scanned',
        reason: 'nmap ended with code 1',
      })),
      {
        scanner: 'nmap',
        target: '198.51.100.0/30',
        host: '198.51.100.3',
        status: 'not_scanned',
        reason: 'the task ended as cancelled before it had a result',
      },
    ]);
    expect(rulesOf(report)).toEqual(['one', 'two', 'three']);
  });

  it.each<[string, () => void]>([
    ['missing', () => results.objects.delete(findingsKey())],
    ['cut short', () => damage((bytes) => bytes.subarray(0, -1))],
    ['damaged', () => damage((bytes) => bytes.fill(0xaa, 20, 40))],
  ])('breaks the report when it is %s', async (_what, spoil) => {
    spoil();
    await expect(textOf(FULL_JSON)).rejects.toThrow();
    await expect(textOf({ ...FULL_JSON, profile: 'brief' })).rejects.toThrow();
  });

  it('breaks the stitched report when it is cut short, which no checksum would show before the end', async () => {
    damage((bytes) => bytes.subarray(0, -11));
    await expect(collect(stitchedDocument(results, records).body)).rejects.toThrow(
      /gave \d+ bytes where its task recorded/,
    );
  });

  it('breaks the report when it holds other findings than the task counted', async () => {
    const [first, ...others] = records.tasks as [(typeof records.tasks)[0], ...typeof records.tasks];
    const result = await leaveResult(results, first, [aFinding()]);
    records = {
      ...records,
      tasks: [
        { ...first, result: { ...result, findings: 2, bySeverity: { ...result.bySeverity, info: 2 } } },
        ...others,
      ],
    };
    await expect(textOf(FULL_NDJSON)).rejects.toThrow(/hold 2 findings where their tasks recorded 3/);
  });

  it('is estimated by the size of what is shown', () => {
    const plain = records.tasks.reduce((sum, { result }) => sum + (result?.plainBytes ?? 0), 0);
    expect(estimateBytes(records, FULL_JSON)).toBe(plain);
    expect(estimateBytes(records, { profile: 'full', severity: 'high' })).toBe(Math.round(plain / 3));
    expect(estimateBytes({ ...records, tasks: [aTask()] }, FULL_JSON)).toBe(0);
  });
});

const findingsKey = () => `${records.tasks[0]?.result?.prefix}findings.ndjson.gz`;
const damage = (change: (bytes: Buffer) => Buffer) =>
  results.objects.set(findingsKey(), change(results.objects.get(findingsKey()) as Buffer));
