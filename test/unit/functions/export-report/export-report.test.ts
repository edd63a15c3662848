import { gunzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { exportReport } from '#functions/export-report/export-report.ts';
import { streamHandler } from '#functions/middleware/stream.ts';
import { installAwsLambda } from '#local/gateway/awslambda.ts';
import { routes } from '#shared/contracts/routes.ts';
import type { Job } from '#shared/job/job.ts';
import { storedReport, writeReportState } from '#shared/report/stored.ts';
import type { Task } from '#shared/task/task.ts';
import { aFinding, aJob, aSpec, aTask, JOB_ID, leaveResult, NO_TREES } from '#test/support/job-records.ts';
import { captureLog } from '#test/support/log-lines.ts';
import { type MemoryResults, memoryResults } from '#test/support/memory-results.ts';
import { CALLERS, callStreaming, OTHER_ARN, type TestRequest } from '#test/support/proxy-event.ts';

installAwsLambda();

let results: MemoryResults;
let job: Job;
let tasks: Task[];
let requested: object[];

beforeEach(async () => {
  captureLog();
  results = memoryResults();
  requested = [];
  job = aJob({ profile: 'full', findings: 2 });
  const findings = [aFinding({ rule: 'one', severity: 'high', raw: 1 }), aFinding({ rule: 'two' })];
  tasks = [aTask({ result: await leaveResult(results, { taskId: '0001', attempt: 1 }, findings) })];
});

const handler = streamHandler(
  routes.exportReport,
  { jobs: { takeToken: async () => ({ ok: true }) }, callers: CALLERS },
  (request) =>
    exportReport(
      {
        jobs: { readJob: async () => job, readSpec: async () => aSpec(), readTasks: async () => tasks, ...NO_TREES },
        results,
        signer: {
          presignDownload: async (key) => ({
            url: `https://bucket.example/${key}?signed`,
            expiresAt: '2026-01-31T12:15:00.000Z',
          }),
        },
        events: {
          reportRequested: async (detail) => {
            requested.push(detail);
          },
        },
        presignedSeconds: 900,
        now: () => new Date('2026-01-31T12:00:00.000Z'),
      },
      request,
    ),
);
const report = (query: TestRequest['query'] = {}, request: TestRequest = {}) =>
  callStreaming(handler, { path: `/jobs/${JOB_ID}/report`, pathParameters: { jobId: JOB_ID }, query, ...request });

describe('GET /jobs/{jobId}/report', () => {
  it('is JSON in the profile of the job unless told otherwise', async () => {
    const { status, headers, json } = await report();
    expect(status).toBe(200);
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'application/json',
      'content-disposition': `attachment; filename="scanfleet-${JOB_ID}.json"`,
      'scanfleet-findings': '2',
      'cache-control': 'no-store',
    });
    expect(json.findings[0]).toMatchObject({ rule: 'one', raw: 1 });
    expect((await report({ profile: 'brief' })).json.findings[0]).not.toHaveProperty('raw');
  });

  it('counts in its header what it holds', async () => {
    expect((await report({ severity: 'high', format: 'ndjson' })).headers.get('scanfleet-findings')).toBe('1');
  });

  it('is stitched for a client that takes gzip, and says so', async () => {
    const plain = await report({ format: 'ndjson' });
    const { headers, body } = await report({ format: 'ndjson' }, { headers: { 'Accept-Encoding': 'gzip, br' } });
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'application/x-ndjson',
      'content-encoding': 'gzip',
      vary: 'Accept-Encoding',
      'scanfleet-findings': '2',
    });
    expect(plain.headers.has('content-encoding')).toBe(false);
    expect(gunzipSync(body).toString()).toBe(plain.text);
    expect(plain.text).toMatch(/\n\{"end":true,"findings":2\}\n$/);
  });

  it.each<Record<string, string>>([
    { format: 'json' },
    { format: 'ndjson', profile: 'brief' },
    { format: 'ndjson', severity: 'low' },
  ])('is plain for the same client when it must be made: %j', async (query) => {
    const { headers } = await report(query, { headers: { 'Accept-Encoding': 'gzip' } });
    expect(headers.has('content-encoding')).toBe(false);
  });

  it('does not exist before the job has ended', async () => {
    job = aJob({ status: 'running', openCount: 1 });
    const { status, json } = await report();
    expect([status, json.code]).toEqual([409, 'job_not_finished']);
    expect(json.detail).toContain('running');
  });

  it.each(['cancelled', 'failed', 'timed_out'] as const)('of a %s job holds what was found', async (status) => {
    job = aJob({ status });
    expect((await report({ profile: 'full' })).json.findings).toHaveLength(2);
  });

  it("of another tenant's job is not there", async () => {
    expect((await report({}, { userArn: OTHER_ARN })).json.code).toBe('job_not_found');
  });

  it.each([
    ['format', 'pdf'],
    ['profile', 'all'],
    ['severity', 'none'],
    ['page', '1'],
  ])('refuses %s=%s', async (field, value) => {
    const { status, json } = await report({ [field]: value });
    expect([status, json.errors[0].field]).toEqual([400, field]);
  });
});

describe('a report over 100 MB', () => {
  beforeEach(() => {
    tasks = tasks.map((task) => ({ ...task, result: task.result && { ...task.result, plainBytes: 100_000_001 } }));
  });

  it('is built first', async () => {
    const { status, headers, json } = await report();
    expect([status, json]).toEqual([202, { status: 'building', retryAfterSeconds: 7 }]);
    expect(headers.get('retry-after')).toBe('7');
    expect(requested).toEqual([
      { jobId: JOB_ID, tenant: '111111111111', round: 1, format: 'json', profile: 'full', severity: 'info' },
    ]);
  });

  it('is pointed to when it is built', async () => {
    const built = storedReport(job, { format: 'json', profile: 'full', severity: 'info' });
    const state = { status: 'ready', at: '2026-01-31T11:00:00.000Z', bytes: 5, sha256: 'a'.repeat(64) } as const;
    await writeReportState(results, built, state);
    const { status, headers } = await report();
    expect(status).toBe(303);
    expect(headers.get('location')).toBe(`https://bucket.example/${built.key}?signed`);
    expect(headers.get('scanfleet-findings')).toBe('2');
  });

  it('streams all the same where its stored form is small', async () => {
    const { status } = await report({ format: 'ndjson' }, { headers: { 'Accept-Encoding': 'gzip' } });
    expect(status).toBe(200);
  });
});
