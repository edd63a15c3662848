import { beforeEach, describe, expect, it } from 'vitest';
import { getJob } from '#functions/get-job/get-job.ts';
import { httpHandler } from '#functions/middleware/http.ts';
import { JobView } from '#shared/contracts/job.ts';
import { routes } from '#shared/contracts/routes.ts';
import type { Job } from '#shared/job/job.ts';
import { aJob, aSpec, aTask, JOB_ID, NO_TREES } from '#test/support/job-records.ts';
import { captureLog } from '#test/support/log-lines.ts';
import { memoryResults } from '#test/support/memory-results.ts';
import { ADMIN_ARN, CALLERS, call, OTHER_ARN, type TestRequest } from '#test/support/proxy-event.ts';

const middleware = { jobs: { takeToken: async () => ({ ok: true }) as const }, callers: CALLERS };
const ABSENT_ID = '019a0000-0000-7000-8000-00000000dead';

let log: ReturnType<typeof captureLog>;
beforeEach(() => {
  log = captureLog();
});

const store = (job: Job) => ({
  readJob: async (jobId: string) => (jobId === job.jobId ? job : undefined),
  readSpec: async () => aSpec(),
  readTasks: async () => [
    aTask({ status: 'running', progress: { current: 1, total: 4, percent: 25, message: 'ports' } }),
  ],
  ...NO_TREES,
});

const running = aJob({
  status: 'running',
  openCount: 1,
  live: 1,
  ended: { completed: 0, failed: 0, timedOut: 0, cancelled: 0 },
});

describe('GET /jobs/{jobId}', () => {
  const get = (jobId: string, request: TestRequest = {}) =>
    call(
      httpHandler(routes.getJob, middleware, (input) =>
        getJob({ jobs: store(running), results: memoryResults() }, input),
      ),
      { path: `/jobs/${jobId}`, pathParameters: { jobId }, ...request },
    );

  it('shows the job with its tasks and how far it is', async () => {
    const { status, json } = await get(JOB_ID);
    expect(status).toBe(200);
    expect(JobView.parse(json)).toMatchObject({
      jobId: JOB_ID,
      percent: 25,
      tasks: { total: 1, queued: 0, running: 1 },
      taskList: [{ taskId: '0001', status: 'running', progress: { percent: 25, message: 'ports' } }],
    });
  });

  it("answers for another tenant's job exactly as for one that is not there", async () => {
    const foreign = await get(JOB_ID, { userArn: OTHER_ARN });
    const absent = await get(ABSENT_ID, { userArn: OTHER_ARN });
    expect(foreign.status).toBe(404);
    expect(foreign.text.replaceAll(JOB_ID, 'ID')).toBe(absent.text.replaceAll(ABSENT_ID, 'ID'));
  });

  it('names the job in the log', async () => {
    await get(JOB_ID);
    expect(log.lines).toContainEqual(expect.objectContaining({ message: 'request', jobId: JOB_ID }));
  });

  it('shows an admin the job of any tenant', async () => {
    expect((await get(JOB_ID, { userArn: ADMIN_ARN })).status).toBe(200);
  });

  it.each(['', 'x', JOB_ID.toUpperCase(), `${JOB_ID}\n`, 'a'.repeat(10_000), '../jobs'])(
    'refuses the id %j',
    async (id) => {
      const { status, json } = await get(id);
      expect([status, json.errors[0].field]).toEqual([400, 'jobId']);
    },
  );

  it('reads only the start of targets that lie in the object store', async () => {
    const results = memoryResults();
    await results.write(`plans/111111111111/${JOB_ID}`, Buffer.from('one.example\ntwo.example\n'), 'text/plain');
    const jobs = { ...store(running), readSpec: async () => aSpec({ targets: undefined, targetCount: 2 }) };
    const { json } = await call(
      httpHandler(routes.getJob, middleware, (input) => getJob({ jobs, results }, input)),
      { pathParameters: { jobId: JOB_ID } },
    );
    expect(json).toMatchObject({ targets: ['one.example', 'two.example'], targetCount: 2 });
    expect(results.reads).toEqual([`plans/111111111111/${JOB_ID} 0-16383`]);
  });
});
