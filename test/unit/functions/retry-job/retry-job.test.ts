import { beforeEach, describe, expect, it } from 'vitest';
import { httpHandler } from '#functions/middleware/http.ts';
import { retryJob } from '#functions/retry-job/retry-job.ts';
import { routes } from '#shared/contracts/routes.ts';
import { ConflictError, LimitError, UnavailableError } from '#shared/errors.ts';
import type { RetryChange } from '#shared/job/store.ts';
import { DEFAULT_LIMITS } from '#shared/limits.ts';
import type { TaskRef } from '#shared/task/task.ts';
import { aJob, aSpec, JOB_ID, TENANT } from '#test/support/job-records.ts';
import { captureLog } from '#test/support/log-lines.ts';
import { memoryResults } from '#test/support/memory-results.ts';
import { CALLERS, call, OTHER_ARN, type TestRequest } from '#test/support/proxy-event.ts';

const middleware = { jobs: { takeToken: async () => ({ ok: true }) as const }, callers: CALLERS };
const RELEASED: TaskRef[] = [{ jobId: JOB_ID, taskId: '0002', tenant: TENANT, workerSize: 'large' }];
const AGAIN = aJob({
  status: 'queued',
  round: 2,
  taskCount: 2,
  openCount: 1,
  ended: { completed: 1, failed: 0, timedOut: 0, cancelled: 0 },
});

let log: ReturnType<typeof captureLog>;
beforeEach(() => {
  log = captureLog();
});

/** A retry of a failed job that the store answers with `outcome`; `away` are the parts that do not answer. What was asked is in `asked`. */
function retrying({ outcome = undefined as Error | undefined, away = [] as string[] } = {}) {
  const asked: string[] = [];
  const ask = async (what: string) => {
    if (away.some((part) => what.startsWith(part))) throw new UnavailableError('gone', 'no answer');
    asked.push(what);
  };
  const deps = {
    jobs: {
      readJob: async () => aJob({ status: 'failed' }),
      readSpec: async () => aSpec(),
      retry: async (_jobId: string, by: string, change?: RetryChange) => {
        await ask(['retry by', by, ...Object.values(change ?? {}).map((value) => JSON.stringify(value))].join(' '));
        if (outcome !== undefined) throw outcome;
        return AGAIN;
      },
      release: async ({ round }: { round: number }) => {
        await ask(`release round ${round}`);
        return RELEASED;
      },
    },
    queue: { send: async (refs: readonly TaskRef[]) => ask(`send ${refs.map(({ taskId }) => taskId)}`) },
    events: { jobSubmitted: async ({ workerSizes }: { workerSizes: string[] }) => ask(`event ${workerSizes}`) },
    results: memoryResults(),
    limits: DEFAULT_LIMITS,
    now: () => new Date('2026-01-31T12:00:00.000Z'),
  };
  const handler = httpHandler(routes.retryJob, middleware, (input) => retryJob(deps, input));
  const send = (request: TestRequest = {}) => call(handler, { pathParameters: { jobId: JOB_ID }, ...request });
  return { send, asked };
}

describe('POST /jobs/{jobId}/retry', () => {
  it('asks for another cap, up to that of the deployment', async () => {
    const { send, asked } = retrying();
    expect((await send({ body: { maxCostUsd: 0.5 } })).status).toBe(202);
    expect(asked[0]).toBe('retry by 111111111111/acme 500000000');
    const { status, json } = await send({ body: { maxCostUsd: 10.5 } });
    expect([status, json.errors]).toEqual([400, [{ field: 'maxCostUsd', message: 'must be at most 10' }]]);
  });

  it('is accepted in the name of the caller, and wakes workers of the right size once it is stored', async () => {
    const { send, asked } = retrying();
    const { status, json } = await send();
    expect([status, json.status, json.tasks]).toEqual([
      202,
      'queued',
      { total: 2, queued: 1, running: 0, completed: 1, failed: 0, timedOut: 0, cancelled: 0 },
    ]);
    expect(asked).toEqual(['retry by 111111111111/acme', 'release round 2', 'send 0002', 'event large']);
    expect(log.lines).toContainEqual(expect.objectContaining({ TasksReleased: 1 }));
  });

  it('can be for another maintenance window', async () => {
    const { send, asked } = retrying();
    const window = { notBefore: '2026-01-31T20:00:00Z', notAfter: '2026-01-31T22:00:00Z' };
    expect(await send({ body: { window } })).toMatchObject({ status: 202 });
    const stored = '{"notBefore":"2026-01-31T20:00:00.000Z","notAfter":"2026-01-31T22:00:00.000Z"}';
    expect(asked[0]).toBe(`retry by 111111111111/acme ${stored}`);
  });

  it.each([
    [{ notAfter: '2026-01-31T12:00:00Z' }, 'window.notAfter', 'has passed: it is 2026-01-31T12:00:00.000Z'],
    [
      { notBefore: '2026-02-01T12:00:00Z' },
      'window.notBefore',
      'must be before the deadline of the job, 2026-02-01T12:00:00.000Z',
    ],
    [{ notBefore: 'tonight' }, 'window.notBefore', 'must be an ISO 8601 UTC time, as in 2026-01-31T12:00:00.000Z'],
  ])('refuses the window %j, and does nothing', async (window, field, message) => {
    const { send, asked } = retrying();
    const { status, json } = await send({ body: { window } });
    expect([status, json.errors, asked]).toEqual([400, [{ field, message }], []]);
  });

  it.each([
    ['the queue is', ['send'], ['release round 2', 'event large']],
    ['the bus is', ['event'], ['release round 2', 'send 0002']],
    ['the table is, from then on,', ['release'], []],
  ])('stands when %s away: the sweeper does the rest', async (_, away, done) => {
    const { send, asked } = retrying({ away });
    expect((await send()).status).toBe(202);
    expect(asked.slice(1)).toEqual(done);
    expect(log.lines.filter(({ level }) => level === 'WARN')).toEqual([expect.objectContaining({ jobId: JOB_ID })]);
  });

  it.each([
    [409, 'job_state', new ConflictError('job_state', 'a completed job cannot retry')],
    [429, 'quota_exceeded', new LimitError('quota_exceeded', 'as many as it may have', 60)],
  ])('answers %i %s when the store refuses, and releases nothing', async (status, code, outcome) => {
    const { send, asked } = retrying({ outcome });
    expect(await send()).toMatchObject({ status, json: { code } });
    expect(asked).toHaveLength(1);
  });

  it("does not reach another tenant's job", async () => {
    const { send, asked } = retrying();
    expect((await send({ userArn: OTHER_ARN })).status).toBe(404);
    expect(asked).toEqual([]);
  });
});
