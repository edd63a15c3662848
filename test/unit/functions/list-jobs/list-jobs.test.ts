import { beforeEach, describe, expect, it } from 'vitest';
import { listJobs } from '#functions/list-jobs/list-jobs.ts';
import { httpHandler } from '#functions/middleware/http.ts';
import { ListJobsResponse } from '#shared/contracts/list-jobs.ts';
import { routes } from '#shared/contracts/routes.ts';
import type { Job } from '#shared/job/job.ts';
import type { JobFilter } from '#shared/job/store.ts';
import { aJob, JOB_ID } from '#test/support/job-records.ts';
import { captureLog } from '#test/support/log-lines.ts';
import { CALLERS, call, OTHER_ARN, type TestRequest } from '#test/support/proxy-event.ts';

const middleware = { jobs: { takeToken: async () => ({ ok: true }) as const }, callers: CALLERS };

beforeEach(() => {
  captureLog();
});

describe('GET /jobs', () => {
  /** A store with `pages` to give, which remembers what it was asked. */
  function listing(...pages: { items: Job[]; after?: string }[]) {
    const asked: { filter: JobFilter; limit: number; after?: string | undefined }[] = [];
    const jobs = {
      listJobs: async (filter: JobFilter, limit: number, after?: string) => {
        asked.push({ filter, limit, after });
        return pages[asked.length - 1] ?? { items: [] };
      },
    };
    const handler = httpHandler(routes.listJobs, middleware, (input) => listJobs({ jobs }, input));
    return {
      asked,
      list: (query: TestRequest['query'] = {}, userArn?: string) =>
        call(handler, { query, ...(userArn ? { userArn } : {}) }),
    };
  }

  it("lists the caller's own jobs", async () => {
    const { list, asked } = listing({ items: [aJob()] });
    const { status, json } = await list();
    expect(status).toBe(200);
    expect(ListJobsResponse.parse(json).jobs).toHaveLength(1);
    expect(json).not.toHaveProperty('nextCursor');
    expect(asked).toEqual([{ filter: { tenant: '111111111111' }, limit: 20, after: undefined }]);
  });

  it('hands every filter on, the target in canonical form', async () => {
    const { list, asked } = listing();
    await list({
      status: 'failed',
      scanner: 'nmap',
      target: 'WWW.Example.COM',
      project: 'shop',
      from: '2026-01-01T00:00:00Z',
      to: '2026-02-01T00:00:00Z',
      minSeverity: 'high',
      limit: '5',
    });
    expect(asked[0]).toMatchObject({
      limit: 5,
      filter: {
        status: 'failed',
        scanner: 'nmap',
        target: 'www.example.com',
        project: 'shop',
        from: '2026-01-01T00:00:00.000Z',
        to: '2026-02-01T00:00:00.000Z',
        minSeverity: 'high',
      },
    });
  });

  it('goes on where a cursor of the same list ended', async () => {
    const after = `2026-01-31T12:00:00.000Z#${JOB_ID}`;
    const { list, asked } = listing({ items: [], after }, { items: [] });
    const { nextCursor } = (await list({ status: 'failed' })).json;
    expect(Buffer.from(nextCursor, 'base64url').toString()).not.toContain('111111111111');
    await list({ status: 'failed', cursor: nextCursor, limit: '7' });
    expect(asked[1]).toMatchObject({ after, limit: 7 });
  });

  it('refuses a cursor of other filters, of another tenant, or of nobody', async () => {
    const { list, asked } = listing({ items: [], after: '2026-01-31T12:00:00.000Z#x' });
    const cursor = (await list({ status: 'failed' })).json.nextCursor;
    const refused = [
      await list({ status: 'running', cursor }),
      await list({ status: 'failed', cursor }, OTHER_ARN),
      await list({ cursor: 'nonsense' }),
      await list({ cursor: '%%%' }),
      await list({ cursor: `${cursor}AA` }),
    ];
    for (const { status, json } of refused) expect([status, json.errors[0].field]).toEqual([400, 'cursor']);
    expect(asked).toHaveLength(1);
  });

  it.each([
    ['status', 'done'],
    ['scanner', 'sqlmap'],
    ['target', '-oX'],
    ['from', 'yesterday'],
    ['minSeverity', 'severe'],
    ['limit', '0'],
    ['limit', '101'],
    ['limit', 'all'],
    ['colour', 'red'],
  ])('refuses %s=%s', async (field, value) => {
    const { status, json } = await listing().list({ [field]: value });
    expect([status, json.errors[0].field]).toEqual([400, field]);
  });
});
