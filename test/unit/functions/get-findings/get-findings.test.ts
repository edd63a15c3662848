import { beforeEach, describe, expect, it } from 'vitest';
import { getFindings } from '#functions/get-findings/get-findings.ts';
import { httpHandler } from '#functions/middleware/http.ts';
import { FindingsResponse } from '#shared/contracts/findings.ts';
import { routes } from '#shared/contracts/routes.ts';
import type { Job } from '#shared/job/job.ts';
import type { Task } from '#shared/task/task.ts';
import { aFinding, aJob, aTask, JOB_ID, leaveResult } from '#test/support/job-records.ts';
import { captureLog } from '#test/support/log-lines.ts';
import { memoryResults } from '#test/support/memory-results.ts';
import { ADMIN_ARN, CALLERS, call, OTHER_ARN, type TestRequest } from '#test/support/proxy-event.ts';

const middleware = { jobs: { takeToken: async () => ({ ok: true }) as const }, callers: CALLERS };
const OTHER_JOB = '019a0000-0000-7000-8000-000000000002';

let job: Job;
let tasks: Task[];
const results = memoryResults();
beforeEach(async () => {
  captureLog();
  const findings = [
    aFinding({ rule: 'one', severity: 'high', description: 'words', raw: 1 }),
    aFinding({ rule: 'two' }),
    aFinding({ rule: 'three', severity: 'low' }),
  ];
  job = aJob({ profile: 'summary', findings: 3 });
  tasks = [aTask({ result: await leaveResult(results, { taskId: '0001', attempt: 1 }, findings) })];
});

const ask = (query: Record<string, string> = {}, request: TestRequest = {}) => {
  const jobs = { readJob: async (jobId: string) => ({ ...job, jobId }), readTasks: async () => tasks };
  const handler = httpHandler(routes.getFindings, middleware, (input) => getFindings({ jobs, results }, input));
  return call(handler, { pathParameters: { jobId: JOB_ID }, query, ...request });
};

describe('GET /jobs/{jobId}/findings', () => {
  it("shows what was found in the job's own profile unless told otherwise", async () => {
    const { status, json } = await ask();
    expect(status).toBe(200);
    expect(FindingsResponse.parse(json)).toEqual(json);
    expect(json).toMatchObject({ total: 3, complete: true });
    expect(json.findings.map(({ rule }: { rule: string }) => rule)).toEqual(['one', 'two', 'three']);
    expect(json.findings[0]).toHaveProperty('title');
    expect(json.findings[0]).not.toHaveProperty('description');
    const [full] = (await ask({ profile: 'full' })).json.findings;
    expect(full).toMatchObject({ description: 'words', raw: 1 });
  });

  it('comes in pages', async () => {
    const first = (await ask({ limit: '1', severity: 'low' })).json;
    expect(first).toMatchObject({ findings: [{ rule: 'one' }], total: 2 });
    const second = (await ask({ limit: '1', severity: 'low', cursor: first.nextCursor })).json;
    expect(second).toEqual({ findings: [expect.objectContaining({ rule: 'three' })], total: 2, complete: true });
  });

  it('of a running job holds what its ended tasks found, and says that it is not complete', async () => {
    job = aJob({ status: 'running', taskCount: 2, openCount: 1 });
    tasks = [...tasks, aTask({ taskId: '0002', status: 'running' })];
    expect((await ask()).json).toMatchObject({ findings: [{}, {}, {}], complete: false });
  });

  it('of a failed job holds what the others found, and is complete', async () => {
    job = aJob({ status: 'failed', taskCount: 2 });
    tasks = [aTask({ taskId: '0001', status: 'failed' }), ...tasks.map((task) => ({ ...task, taskId: '0002' }))];
    expect((await ask()).json).toMatchObject({ findings: [{}, {}, {}], complete: true });
  });

  it('of a job that found nothing is empty', async () => {
    tasks = [aTask()];
    expect((await ask()).json).toEqual({ findings: [], total: 0, complete: true });
  });

  it.each([
    ['cursor', { cursor: 'nonsense' }],
    ['limit', { limit: '0' }],
    ['limit', { limit: '1001' }],
    ['severity', { severity: 'urgent' }],
    ['profile', { profile: 'all' }],
    ['page', { page: '2' }],
  ])('refuses a bad %s', async (field, query) => {
    expect(await ask(query)).toMatchObject({ status: 400, json: { errors: [{ field }] } });
  });

  const cursor = async () => (await ask({ limit: '1' })).json.nextCursor as string;
  const refused = { status: 400, json: { errors: [{ field: 'cursor' }] } };

  it('takes the cursor of no other job', async () => {
    const query = { limit: '1', cursor: await cursor() };
    expect(await ask(query, { pathParameters: { jobId: OTHER_JOB } })).toMatchObject(refused);
  });

  it.each<Record<string, string>>([{ severity: 'low' }, { profile: 'full' }])(
    'takes the cursor of no list with other filters: %j',
    async (filter) => {
      expect(await ask({ cursor: await cursor(), ...filter })).toMatchObject(refused);
    },
  );

  it('takes no cursor from before a retry', async () => {
    const query = { cursor: await cursor() };
    job = { ...job, round: 2 };
    expect(await ask(query)).toMatchObject(refused);
  });

  it("does not show another tenant's job, but to an admin", async () => {
    expect(await ask({}, { userArn: OTHER_ARN })).toMatchObject({ status: 404, json: { code: 'job_not_found' } });
    expect((await ask({}, { userArn: ADMIN_ARN })).json.findings).toHaveLength(3);
  });
});
