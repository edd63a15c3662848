import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { type BuildReportDeps, buildReport } from '#functions/build-report/build-report.ts';
import { httpHandler } from '#functions/middleware/http.ts';
import { reportLink } from '#functions/report-link/report-link.ts';
import type { ReportRequestedDetail } from '#shared/contracts/events.ts';
import { ReportLinkResponse } from '#shared/contracts/report.ts';
import { routes } from '#shared/contracts/routes.ts';
import type { Job } from '#shared/job/job.ts';
import type { Task } from '#shared/task/task.ts';
import { aFinding, aJob, aSpec, aTask, JOB_ID, leaveResult, NO_TREES } from '#test/support/job-records.ts';
import { captureLog } from '#test/support/log-lines.ts';
import { type MemoryResults, memoryResults } from '#test/support/memory-results.ts';
import { CALLERS, call, OTHER_ARN, type TestRequest } from '#test/support/proxy-event.ts';

let results: MemoryResults;
let job: Job;
let tasks: Task[];
let clock: Date;
let requested: ReportRequestedDetail[];
let presigned: object[];

beforeEach(async () => {
  captureLog();
  results = memoryResults();
  job = aJob();
  tasks = [aTask({ result: await leaveResult(results, { taskId: '0001', attempt: 1 }, [aFinding()]) })];
  clock = new Date('2026-01-31T12:00:00.000Z');
  requested = [];
  presigned = [];
});

const later = (seconds: number) => {
  clock = new Date(clock.getTime() + seconds * 1_000);
};
const now = () => clock;
const jobs = {
  readJob: async (jobId: string) => (jobId === job.jobId ? job : undefined),
  readSpec: async () => aSpec(),
  readTasks: async () => tasks,
  ...NO_TREES,
};

const handler = httpHandler(
  routes.reportLink,
  { jobs: { takeToken: async () => ({ ok: true }) }, callers: CALLERS },
  (request) => {
    const signer = {
      presignDownload: async (key: string, options: object) => {
        presigned.push({ key, ...options });
        return { url: 'https://bucket.example/report?signed', expiresAt: '2026-01-31T12:15:00.000Z' };
      },
    };
    const events = {
      reportRequested: async (detail: ReportRequestedDetail) => {
        requested.push(detail);
      },
    };
    return reportLink({ jobs, results, signer, events, presignedSeconds: 900, now }, request);
  },
);
const ask = (body?: object, request: TestRequest = {}) =>
  call(handler, { pathParameters: { jobId: JOB_ID }, ...(body ? { body } : {}), ...request });
/** Delivers the newest event to build-report. */
const build = (eventId = 'event-1', deps: Partial<BuildReportDeps> = {}) =>
  buildReport({ jobs, results, now, ...deps }, { detail: requested.at(-1) as ReportRequestedDetail, eventId });

/** A run of build-report for event-1 that never ends. */
async function dieHalfway(): Promise<void> {
  const readTasks = () => new Promise<never>(() => {});
  void build('event-1', { jobs: { ...jobs, readTasks } });
  await new Promise((resolve) => setImmediate(resolve));
}

const brokenWrites = (): Partial<BuildReportDeps> => ({
  results: {
    ...results,
    write: async (key, body, type) => {
      if (key.endsWith('.json') && !key.endsWith('.state.json')) throw new Error('disk secret-path full');
      return results.write(key, body, type);
    },
  },
});

describe('a report link', () => {
  it('is promised, built, and then handed out with size and checksum', async () => {
    const promised = await ask({ profile: 'full' });
    expect([promised.status, promised.headers.get('retry-after')]).toEqual([202, '2']);
    expect(ReportLinkResponse.parse(promised.json)).toEqual({ status: 'building', retryAfterSeconds: 2 });
    expect(requested).toEqual([
      { jobId: JOB_ID, tenant: '111111111111', round: 1, format: 'json', profile: 'full', severity: 'info' },
    ]);

    expect(await build()).toMatchObject({ outcome: 'built', jobId: JOB_ID });
    const key = `reports/111111111111/${JOB_ID}/1-full-info.json`;
    const document = results.objects.get(key) as Buffer;
    expect(JSON.parse(document.toString()).findings).toEqual([aFinding()]);

    const ready = await ask({ profile: 'full' });
    expect(ready.status).toBe(200);
    expect(ready.json).toEqual({
      status: 'ready',
      url: 'https://bucket.example/report?signed',
      expiresAt: '2026-01-31T12:15:00.000Z',
      bytes: document.length,
      sha256: createHash('sha256').update(document).digest('hex'),
    });
    expect(presigned).toEqual([
      { key, fileName: `scanfleet-${JOB_ID}.json`, contentType: 'application/json', expiresSeconds: 900 },
    ]);
  });

  it('needs no body: JSON in the profile of the job', async () => {
    expect((await ask()).status).toBe(202);
    expect(requested[0]).toMatchObject({ format: 'json', profile: 'brief', severity: 'info' });
  });

  it('is one for each format, profile, severity and round', async () => {
    await ask();
    await build();
    expect((await ask()).status).toBe(200);
    for (const body of [{ format: 'ndjson' }, { profile: 'full' }, { severity: 'high' }])
      expect((await ask(body)).status).toBe(202);
    job = aJob({ round: 2 });
    expect((await ask()).status).toBe(202);
  });

  it('asks for no second build while one is going on, until that must be dead', async () => {
    await ask();
    const halfway = new Promise<never>(() => {});
    void buildReport(
      { jobs: { ...jobs, readTasks: () => halfway }, results, now },
      {
        detail: requested[0] as ReportRequestedDetail,
        eventId: 'event-1',
      },
    );
    await new Promise((resolve) => setImmediate(resolve));
    later(899);
    expect((await ask()).status).toBe(202);
    expect(requested).toHaveLength(1);
    expect(await build('event-2')).toMatchObject({ outcome: 'being_built' });
    later(1);
    await ask();
    expect(requested).toHaveLength(2);
    expect(await build('event-2')).toMatchObject({ outcome: 'built' });
  });

  it('says that a build failed, without what it failed of, and builds again when asked later', async () => {
    await ask();
    await expect(build('event-1', brokenWrites())).rejects.toThrow('disk secret-path full');
    const failed = await ask();
    expect([failed.status, failed.json.code]).toEqual([503, 'report_failed']);
    expect(failed.text).not.toContain('secret');
    later(61);
    expect((await ask()).status).toBe(202);
    expect(requested).toHaveLength(2);
  });

  it.each([
    ['a job that runs', () => aJob({ status: 'running', openCount: 1 }), {}, 409],
    ["another tenant's job", () => aJob(), { userArn: OTHER_ARN }, 404],
  ])('is not to be had for %s', async (_what, which, request, status) => {
    job = which();
    expect((await ask(undefined, request)).status).toBe(status);
    expect(requested).toEqual([]);
  });

  it('refuses unknown words', async () => {
    const { status, json } = await ask({ format: 'pdf', colour: 'red' });
    expect(status).toBe(400);
    expect(json.errors.map(({ field }: { field: string }) => field)).toEqual(['format', 'colour']);
  });
});

describe('build-report', () => {
  it('builds once, however often the event comes', async () => {
    await ask();
    await build();
    expect(await build()).toMatchObject({ outcome: 'ready_before' });
    expect(await build('event-2')).toMatchObject({ outcome: 'ready_before' });
  });

  it('takes up its own event again after a run that died', async () => {
    await ask();
    await dieHalfway();
    expect(await build('event-1')).toMatchObject({ outcome: 'built' });
  });

  it.each([
    ['gone', () => aJob({ jobId: '019a0000-0000-7000-8000-00000000dead' })],
    ['of another tenant', () => aJob({ tenant: 'other' })],
    ['running again', () => aJob({ status: 'running', round: 2 })],
    ['in another round', () => aJob({ round: 2 })],
  ])('writes nothing for a job that is %s', async (_what, which) => {
    await ask();
    const before = [...results.objects.keys()];
    job = which();
    expect(await build()).toMatchObject({ outcome: 'job_moved_on' });
    expect([...results.objects.keys()]).toEqual(before);
  });
});
