import { beforeEach, describe, expect, it } from 'vitest';
import { getCoverage } from '#functions/get-coverage/get-coverage.ts';
import { httpHandler } from '#functions/middleware/http.ts';
import { CoverageResponse } from '#shared/contracts/coverage.ts';
import { routes } from '#shared/contracts/routes.ts';
import { aJob, aSpec, aTask, JOB_ID, leaveResult } from '#test/support/job-records.ts';
import { captureLog } from '#test/support/log-lines.ts';
import { memoryResults } from '#test/support/memory-results.ts';
import { CALLERS, call, OTHER_ARN, type TestRequest } from '#test/support/proxy-event.ts';

const middleware = { jobs: { takeToken: async () => ({ ok: true }) as const }, callers: CALLERS };
const OTHER_JOB = '019a0000-0000-7000-8000-000000000002';

const results = memoryResults();
const jobs = {
  readJob: async (jobId: string) => aJob({ jobId, status: 'failed' }),
  readSpec: async () => aSpec({ targets: ['a.example', 'b.example'], targetCount: 2 }),
  readTasks: async () => [
    aTask({
      result: await leaveResult(
        results,
        { taskId: '0001', attempt: 1 },
        [],
        [{ target: 'a.example', host: 'a.example', address: '203.0.113.7', status: 'reached', technique: 'connect' }],
      ),
    }),
    aTask({ taskId: '0002', slice: { from: 1, count: 1 }, status: 'failed' }),
  ],
};
const ask = (query: Record<string, string> = {}, request: TestRequest = {}) => {
  const handler = httpHandler(routes.getCoverage, middleware, (input) => getCoverage({ jobs, results }, input));
  return call(handler, { pathParameters: { jobId: JOB_ID }, query, ...request });
};

beforeEach(() => {
  captureLog();
});

const reached = {
  ...{ scanner: 'nmap', target: 'a.example', host: 'a.example', address: '203.0.113.7' },
  ...{ status: 'reached', technique: 'connect' },
};
const missed = {
  ...{ scanner: 'nmap', target: 'b.example', host: 'b.example', status: 'not_scanned' },
  reason: 'the task ended as failed before it had a result',
};

describe('GET /jobs/{jobId}/coverage', () => {
  it('says of every target what happened to it', async () => {
    const { status, json } = await ask();
    expect(status).toBe(200);
    expect(CoverageResponse.parse(json)).toEqual({ coverage: [reached, missed], total: 2, complete: true });
  });

  it('comes in pages', async () => {
    const { nextCursor, ...first } = (await ask({ limit: '1' })).json;
    expect(first).toEqual({ coverage: [reached], total: 2, complete: true });
    const second = (await ask({ limit: '1', cursor: nextCursor })).json;
    expect(second).toEqual({ coverage: [missed], total: 2, complete: true });
  });

  it('shows one status alone', async () => {
    expect((await ask({ status: 'not_scanned' })).json).toEqual({ coverage: [missed], total: 1, complete: true });
  });

  it.each([
    ['cursor', { cursor: 'nonsense' }],
    ['limit', { limit: '1001' }],
    ['status', { status: 'covered' }],
    ['severity', { severity: 'high' }],
  ])('refuses a bad %s', async (field, query) => {
    expect(await ask(query)).toMatchObject({ status: 400, json: { errors: [{ field }] } });
  });

  it('takes the cursor of no other job and of no other filter', async () => {
    const { nextCursor: cursor } = (await ask({ limit: '1' })).json;
    const refused = { status: 400, json: { errors: [{ field: 'cursor' }] } };
    expect(await ask({ cursor }, { pathParameters: { jobId: OTHER_JOB } })).toMatchObject(refused);
    expect(await ask({ cursor, status: 'reached' })).toMatchObject(refused);
  });

  it("does not show another tenant's job", async () => {
    expect(await ask({}, { userArn: OTHER_ARN })).toMatchObject({ status: 404, json: { code: 'job_not_found' } });
  });
});
