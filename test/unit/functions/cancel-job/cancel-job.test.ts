import { beforeEach, describe, expect, it } from 'vitest';
import { cancelJob } from '#functions/cancel-job/cancel-job.ts';
import { httpHandler } from '#functions/middleware/http.ts';
import { routes } from '#shared/contracts/routes.ts';
import { ConflictError } from '#shared/errors.ts';
import type { Job } from '#shared/job/job.ts';
import type { TaskRef } from '#shared/task/task.ts';
import { aJob, aSpec, aTask, JOB_ID, NO_TREES } from '#test/support/job-records.ts';
import { captureLog } from '#test/support/log-lines.ts';
import { memoryResults } from '#test/support/memory-results.ts';
import { CALLERS, call, OTHER_ARN, type TestRequest } from '#test/support/proxy-event.ts';

const middleware = { jobs: { takeToken: async () => ({ ok: true }) as const }, callers: CALLERS };

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
});

const running = aJob({
  status: 'running',
  openCount: 1,
  live: 1,
  slots: 3,
  ended: { completed: 0, failed: 0, timedOut: 0, cancelled: 0 },
});

describe('POST /jobs/{jobId}/cancel', () => {
  /** A cancel that leads to `outcome`; what was asked of store and bus is in `asked`. */
  function cancelling(outcome: Job | Error, { busIsAway = false, queueIsAway = false } = {}) {
    const asked: string[] = [];
    const jobs = {
      ...store(running),
      ...NO_TREES,
      cancel: async (jobId: string, by: string) => {
        asked.push(`cancel ${jobId} by ${by}`);
        if (outcome instanceof Error) throw outcome;
        return outcome;
      },
      markAnnounced: async () => {
        asked.push('marked');
      },
      releaseWaiting: async (tenant: string, freedSlots: number) => {
        asked.push(`${freedSlots} slots for ${tenant}`);
        return [{ jobId: 'next', taskId: '0002', tenant, workerSize: 'small' as const }];
      },
    };
    const queue = {
      send: async (refs: readonly TaskRef[]) => {
        if (queueIsAway) throw new Error('away');
        asked.push(`sent ${refs.map(({ jobId, taskId }) => `${jobId} ${taskId}`)}`);
      },
    };
    const events = {
      jobFinished: async ({ status }: { status: string }) => {
        if (busIsAway) throw new Error('away');
        asked.push(`finished ${status}`);
      },
    };
    const handler = httpHandler(routes.cancelJob, middleware, (input) =>
      cancelJob({ jobs, queue, results: memoryResults(), events }, input),
    );
    const send = (request: TestRequest = {}) => call(handler, { pathParameters: { jobId: JOB_ID }, ...request });
    return { send, asked };
  }

  it('is accepted, in the name of the caller, while what runs is stopped', async () => {
    const { send, asked } = cancelling({ ...running, status: 'cancelling' });
    const { status, json } = await send();
    expect([status, json.status]).toEqual([202, 'cancelling']);
    expect(asked).toEqual([`cancel ${JOB_ID} by 111111111111/acme`]);
  });

  const ended = aJob({ status: 'cancelled', checkAt: '2026-01-31T12:01:00.000Z' });

  it('announces the end of a job in which nothing ran, and sends what waited for its slots', async () => {
    const { send, asked } = cancelling(ended);
    expect((await send({ body: {} })).json.status).toBe('cancelled');
    expect(asked.slice(1).sort()).toEqual([
      `3 slots for ${running.tenant}`,
      'finished cancelled',
      'marked',
      'sent next 0002',
    ]);
  });

  it.each([{ busIsAway: true }, { queueIsAway: true }])('stands when %o: the rest is for the sweeper', async (away) => {
    const { send } = cancelling(ended, away);
    expect((await send()).status).toBe(202);
    expect(log.lines.filter(({ level }) => level === 'WARN')).toMatchObject([{ jobId: JOB_ID }]);
  });

  it('is refused for a job that ended otherwise', async () => {
    const { send } = cancelling(new ConflictError('job_state', 'a completed job cannot cancel'));
    expect(await send()).toMatchObject({ status: 409, json: { code: 'job_state' } });
  });

  it("does not reach another tenant's job", async () => {
    const { send, asked } = cancelling({ ...running, status: 'cancelling' });
    expect((await send({ userArn: OTHER_ARN })).status).toBe(404);
    expect(asked).toEqual([]);
  });

  it('takes no fields', async () => {
    const { send, asked } = cancelling({ ...running, status: 'cancelling' });
    expect(await send({ body: { force: true } })).toMatchObject({
      status: 400,
      json: { errors: [{ field: 'force' }] },
    });
    expect(asked).toEqual([]);
  });
});
