/** Maintenance windows of jobs and targets, through the real service, its sweeper and real workers. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JobView } from '#shared/contracts/job.ts';
import { secondsAfter } from '#shared/time.ts';
import { type RunningService, startService } from '#test/support/service.ts';

/** Accepts and says nothing, which nmap's service detection waits for: longer than any window here is open. */
let silent: Server;
let port: number;
beforeAll(async () => {
  silent = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  port = (silent.address() as AddressInfo).port;
});
afterAll(() => void silent.close());

const soon = (seconds: number) => secondsAfter(new Date(), seconds);
const env = { SCANFLEET_SWEEP_SECONDS: '0.5' };

async function submit(service: RunningService, fields: object, options: object = {}): Promise<JobView> {
  const scanners = [{ name: 'nmap', options: { ports: String(port), ...options } }];
  const answer = await service.ask(service.as('acme'), '/jobs', {
    method: 'POST',
    json: { targets: ['127.0.0.1'], scanners, ...fields },
  });
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

describe('with workers', () => {
  let service: RunningService;
  beforeAll(async () => {
    service = await startService({ env });
  });
  afterAll(() => service.stop());

  it('each target is scanned in its window, and the job goes on meanwhile', async () => {
    const notBefore = soon(4);
    const targets = [{ target: '127.0.0.1', notBefore }, '127.0.0.2'];
    const job = await ended(service, await submit(service, { targets }));
    expect(job).toMatchObject({ status: 'completed', verdict: 'clean', targets: ['127.0.0.2', '127.0.0.1'] });
    const [now, later] = job.taskList ?? [];
    expect(now).not.toHaveProperty('window');
    expect(later).toMatchObject({ window: { notBefore }, attempt: 1, failures: 0 });
    expect(String(now?.startedAt) < notBefore).toBe(true);
    expect(String(later?.startedAt) >= notBefore).toBe(true);
  });

  it('what still runs when the window closes is stopped, and runs again in the window of a retry', async () => {
    const submitted = await submit(service, { window: { notAfter: soon(4) } }, { serviceDetection: true });
    const job = await ended(service, submitted);
    expect(job).toMatchObject({
      status: 'failed',
      verdict: 'no_verdict',
      taskList: [{ attempt: 1, startedAt: expect.any(String), error: { code: 'window_closed', retryable: true } }],
    });
    const window = { notBefore: soon(1), notAfter: soon(4) };
    const path = `/jobs/${job.jobId}/retry`;
    expect((await service.ask(service.as('acme'), path, { method: 'POST', json: { window } })).status).toBe(202);
    const [task] = (await ended(service, submitted)).taskList ?? [];
    expect(task).toMatchObject({ attempt: 2, window, error: { code: 'window_closed' } });
    expect(String(task?.startedAt) >= window.notBefore).toBe(true);
  });
});

it('without a worker the window closes too', async () => {
  const service = await startService({ env: { ...env, SCANFLEET_MAX_WORKERS: '0' } });
  try {
    const job = await ended(service, await submit(service, { window: { notAfter: soon(2) } }));
    expect(job).toMatchObject({ status: 'failed', verdict: 'no_verdict', covered: 0, uncovered: 1 });
    expect(job.taskList).toMatchObject([{ attempt: 0, error: { code: 'window_closed' } }]);
  } finally {
    await service.stop();
  }
});
