import { describe, expect, it } from 'vitest';
import { deleteJob } from '#functions/delete-job/delete-job.ts';
import { httpHandler } from '#functions/middleware/http.ts';
import { routes } from '#shared/contracts/routes.ts';
import { ConflictError, UnavailableError } from '#shared/errors.ts';
import { JOB_ID, NO_TREES, TENANT } from '#test/support/job-records.ts';
import { captureLog } from '#test/support/log-lines.ts';
import { memoryResults } from '#test/support/memory-results.ts';
import { ADMIN_ARN, CALLERS, call, OTHER_ARN, type TestRequest } from '#test/support/proxy-event.ts';

const middleware = { jobs: { takeToken: async () => ({ ok: true }) as const }, callers: CALLERS };
const OTHER_JOB = '019a0000-0000-7000-8000-000000000002';
const KEPT = [
  `results/${TENANT}/${OTHER_JOB}/0001/1/coverage.json`,
  `plans/222222222222/${JOB_ID}`,
  'config/policy.yaml',
];

/** A store that answers a delete with `refusal`, and a bucket that is away `awayTimes`. */
function deleting({ refusal, awayTimes = 0 }: { refusal?: Error; awayTimes?: number } = {}) {
  captureLog();
  const deleted: string[] = [];
  const { objects, ...bucket } = memoryResults();
  const own = [
    'results/T/J/0001/1/findings.ndjson.gz',
    'results/T/J/0002/3/raw/nmap.xml.gz',
    'plans/T/J',
    'reports/T/J/1-a.json',
  ];
  for (const key of own) objects.set(key.replace('T', TENANT).replace('J', JOB_ID), Buffer.from('x'));
  for (const key of KEPT) objects.set(key, Buffer.from('x'));
  let away = awayTimes;
  const jobs = {
    ...NO_TREES,
    readJob: async () => undefined,
    readTenant: async (jobId: string) => (jobId === JOB_ID ? TENANT : undefined),
    deleteJob: async (jobId: string) => {
      if (refusal !== undefined) throw refusal;
      expect(objects.size).toBe(own.length + KEPT.length);
      deleted.push(jobId);
    },
  };
  const results = {
    removeAll: async (prefix: string) => {
      away -= 1;
      if (away >= 0) throw new UnavailableError('results_unavailable', 'away');
      await bucket.removeAll(prefix);
    },
  };
  const handler = httpHandler(routes.deleteJob, middleware, (input) => deleteJob({ jobs, results }, input));
  const send = (request: TestRequest = {}) => call(handler, { pathParameters: { jobId: JOB_ID }, ...request });
  return { send, deleted, objects };
}

describe('DELETE /jobs/{jobId}', () => {
  it('removes the records, then every object of the job and no other, and has nothing to say', async () => {
    const { send, deleted, objects } = deleting();
    const { status, json, headers } = await send();
    expect([status, json]).toEqual([204, undefined]);
    expect(headers.has('content-type')).toBe(false);
    expect(deleted).toEqual([JOB_ID]);
    expect([...objects.keys()]).toEqual(KEPT);
  });

  it('can be repeated when the bucket was away', async () => {
    const { send, objects } = deleting({ awayTimes: 1 });
    expect(await send()).toMatchObject({ status: 503 });
    expect((await send()).status).toBe(204);
    expect([...objects.keys()]).toEqual(KEPT);
  });

  it('is refused for an open job, of which nothing is removed', async () => {
    const { send, objects } = deleting({ refusal: new ConflictError('job_state', 'this one is running') });
    expect(await send()).toMatchObject({ status: 409, json: { code: 'job_state' } });
    expect(objects.size).toBe(7);
  });

  it("reaches another tenant's job only by an admin", async () => {
    const { send, deleted } = deleting();
    expect(await send({ userArn: OTHER_ARN })).toMatchObject({ status: 404, json: { code: 'job_not_found' } });
    expect(deleted).toEqual([]);
    expect((await send({ userArn: ADMIN_ARN })).status).toBe(204);
  });

  it('of a job that never was is not found', async () => {
    expect(await deleting().send({ pathParameters: { jobId: OTHER_JOB } })).toMatchObject({ status: 404 });
  });
});
