/** Caps on what a job, or a tenant in a day, may cost, through the real service, its sweeper and real workers. */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { JobView } from '#shared/contracts/job.ts';
import { secondsAfter } from '#shared/time.ts';
import { type RunningService, startService } from '#test/support/service.ts';

/** Less than the end of one task costs. */
const NEXT_TO_NOTHING_USD = 0.00001;
const COVERAGE_OF_A_TASK = 64;

/** Of each job one task at a time. */
async function start(env: Readonly<Record<string, string>> = {}): Promise<RunningService> {
  const service = await startService({
    env: { SCANFLEET_SWEEP_SECONDS: '0.5', SCANFLEET_WINDOW: '1', SCANFLEET_WORKER_SLOTS: '1', ...env },
  });
  onTestFinished(async () => void (await service.stop()));
  return service;
}

const post = (service: RunningService, path: string, json: object) =>
  service.ask(service.as('acme'), path, { method: 'POST', json });
/** Four tasks of 64 addresses. */
const request = (fields: object = {}) => ({
  targets: ['127.1.0.0/24'],
  scanners: [{ name: 'nmap', options: { ports: '9' } }],
  ...fields,
});

async function submit(service: RunningService, fields: object): Promise<JobView> {
  const answer = await post(service, '/jobs', request(fields));
  expect(answer.status).toBe(201);
  return JobView.parse(await answer.json());
}

async function ended(service: RunningService, { jobId }: JobView): Promise<JobView> {
  for (;;) {
    const job = JobView.parse(await (await service.ask(service.as('acme'), `/jobs/${jobId}`)).json());
    if (job.verdict !== null) return job;
    await delay(200);
  }
}

const coverageOf = async (service: RunningService, { jobId }: JobView) =>
  (await (await service.ask(service.as('acme'), `/jobs/${jobId}/coverage?limit=1000`)).json()) as {
    readonly coverage: readonly { readonly status: string; readonly reason?: string }[];
  };

describe('a job that reaches its cap', () => {
  it('starts no further task, keeps what was found and says why; a retry with a higher cap does the rest', async () => {
    const service = await start();
    const job = await ended(service, await submit(service, { maxCostUsd: NEXT_TO_NOTHING_USD }));
    expect(job).toMatchObject({
      status: 'failed',
      verdict: 'incomplete',
      maxCostUsd: NEXT_TO_NOTHING_USD,
      tasks: { total: 4, completed: 1, failed: 3 },
      covered: COVERAGE_OF_A_TASK,
      uncovered: 3 * COVERAGE_OF_A_TASK,
    });
    expect(job.usage.costUsd).toBeGreaterThan(NEXT_TO_NOTHING_USD);
    expect(job.usage).toEqual(job.taskList?.[0]?.usage);
    const error = { code: 'budget_exhausted', retryable: true };
    expect(job.taskList).toMatchObject([{ status: 'completed' }, { error }, { error }, { error }]);
    const { coverage } = await coverageOf(service, job);
    const unscanned = coverage.filter(({ status }) => status === 'not_scanned');
    expect(unscanned).toHaveLength(3 * COVERAGE_OF_A_TASK);
    expect(new Set(unscanned.map(({ reason }) => reason))).toEqual(
      new Set(['the budget of its job was used up before it could start']),
    );

    const path = `/jobs/${job.jobId}/retry`;
    const refused = await post(service, path, {});
    expect([refused.status, await refused.json()]).toMatchObject([409, { code: 'budget_exhausted' }]);
    expect((await post(service, path, { maxCostUsd: 1 })).status).toBe(202);
    const again = await ended(service, job);
    expect(again).toMatchObject({ status: 'completed', verdict: 'clean', maxCostUsd: 1, tasks: { completed: 4 } });
    expect(again.usage.costUsd).toBeGreaterThan(job.usage.costUsd);
  });
});

describe("a tenant's day that is spent", () => {
  it('stops what has not begun of its other jobs too, and refuses new ones until tomorrow', async () => {
    const service = await start({ SCANFLEET_DAY_BUDGET_USD: String(NEXT_TO_NOTHING_USD) });
    const waiting = await submit(service, { window: { notBefore: secondsAfter(new Date(), 600) } });
    const first = await ended(service, await submit(service, { targets: ['127.0.0.1'] }));
    expect(first).toMatchObject({ status: 'completed', verdict: 'clean' });
    expect(await ended(service, waiting)).toMatchObject({
      status: 'failed',
      verdict: 'no_verdict',
      tasks: { failed: 4 },
      taskList: Array(4).fill({ attempt: 0, error: { code: 'budget_exhausted' } }),
    });
    const refused = await post(service, '/jobs', request());
    expect([refused.status, await refused.json()]).toMatchObject([429, { code: 'budget_exhausted' }]);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    const stats = await (await service.ask(service.as('acme'), '/stats')).json();
    expect(stats).toMatchObject({
      budget: { dayUsd: NEXT_TO_NOTHING_USD, spentTodayUsd: first.usage.costUsd },
      scanners: [{ scanner: 'nmap', usage: { costUsd: first.usage.costUsd } }],
    });
  });
});
