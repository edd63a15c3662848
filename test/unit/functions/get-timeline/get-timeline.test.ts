import { describe, expect, it } from 'vitest';
import { getTimeline } from '#functions/get-timeline/get-timeline.ts';
import { httpHandler } from '#functions/middleware/http.ts';
import { routes } from '#shared/contracts/routes.ts';
import { TimelineResponse } from '#shared/contracts/timeline.ts';
import { aJob, aTask, JOB_ID } from '#test/support/job-records.ts';
import { captureLog } from '#test/support/log-lines.ts';
import { CALLERS, call, OTHER_ARN, type TestRequest } from '#test/support/proxy-event.ts';

const middleware = { jobs: { takeToken: async () => ({ ok: true }) as const }, callers: CALLERS };
const OTHER_JOB = '019a0000-0000-7000-8000-000000000002';

const jobs = {
  readJob: async (jobId: string) => aJob({ jobId }),
  readEvents: async () => [
    { at: '2026-01-31T12:00:00.000Z', by: '111111111111/acme', from: null, to: 'queued', why: 'submitted' } as const,
    {
      at: '2026-01-31T12:00:09.000Z',
      by: 'worker/w1',
      from: 'running',
      to: 'completed',
      why: 'every task has ended',
    } as const,
  ],
  readTasks: async () => [
    aTask({
      claims: [
        {
          attempt: 1,
          worker: 'w1',
          at: '2026-01-31T12:00:01.000Z',
          endedAt: '2026-01-31T12:00:08.000Z',
          why: 'completed',
        },
      ],
    }),
  ],
};
const ask = (query: Record<string, string> = {}, request: TestRequest = {}) => {
  captureLog();
  const handler = httpHandler(routes.getTimeline, middleware, (input) => getTimeline({ jobs }, input));
  return call(handler, { pathParameters: { jobId: JOB_ID }, query, ...request });
};

describe('GET /jobs/{jobId}/timeline', () => {
  it('says what happened, when, by whom and why', async () => {
    const { status, json } = await ask();
    expect(status).toBe(200);
    expect(TimelineResponse.parse(json)).toEqual({
      events: [
        {
          at: '2026-01-31T12:00:00.000Z',
          by: '111111111111/acme',
          why: 'submitted',
          what: 'job_moved',
          from: null,
          to: 'queued',
        },
        {
          at: '2026-01-31T12:00:01.000Z',
          by: 'worker/w1',
          why: 'received from the queue',
          what: 'task_claimed',
          taskId: '0001',
          attempt: 1,
        },
        {
          at: '2026-01-31T12:00:08.000Z',
          by: 'worker/w1',
          why: 'completed',
          what: 'claim_ended',
          taskId: '0001',
          attempt: 1,
        },
        {
          at: '2026-01-31T12:00:09.000Z',
          by: 'worker/w1',
          why: 'every task has ended',
          what: 'job_moved',
          from: 'running',
          to: 'completed',
        },
      ],
    });
  });

  it('comes in pages', async () => {
    const first = (await ask({ limit: '3' })).json;
    expect(first.events).toHaveLength(3);
    const second = (await ask({ limit: '3', cursor: first.nextCursor })).json;
    expect(second).toEqual({ events: [expect.objectContaining({ to: 'completed' })] });
  });

  it.each([
    ['cursor', { cursor: 'nonsense' }],
    ['limit', { limit: '0' }],
    ['limit', { limit: '501' }],
    ['from', { from: '2026-01-31' }],
  ])('refuses a bad %s', async (field, query) => {
    expect(await ask(query)).toMatchObject({ status: 400, json: { errors: [{ field }] } });
  });

  it('takes the cursor of no other job', async () => {
    const { nextCursor } = (await ask({ limit: '1' })).json;
    const other = await ask({ cursor: nextCursor }, { pathParameters: { jobId: OTHER_JOB } });
    expect(other).toMatchObject({ status: 400, json: { errors: [{ field: 'cursor' }] } });
  });

  it("does not show another tenant's job", async () => {
    expect(await ask({}, { userArn: OTHER_ARN })).toMatchObject({ status: 404, json: { code: 'job_not_found' } });
  });
});
