/** `scanfleet queue` as a process. */
import { describe, expect } from 'vitest';
import type { QueueView } from '#shared/contracts/queue.ts';
import { it } from '#test/support/cli-test.ts';
import { json } from '#test/support/contract-server.ts';
import { JOB_ID } from '#test/support/job-views.ts';

const QUEUE: QueueView = {
  openJobs: 2,
  released: 3,
  waiting: 6,
  oldestCreatedAt: '2026-01-31T12:00:00.000Z',
  oldestAgeSeconds: 600,
  nextTasks: [
    { jobId: JOB_ID, taskId: '0004', scanner: 'nmap', status: 'queued', notBefore: '2026-01-31T12:10:00.000Z' },
    { jobId: JOB_ID, taskId: '0005', scanner: 'nmap', status: 'queued' },
  ],
  deadLetters: 1,
  workers: { small: { running: 2, starting: 1 }, large: { running: 0, starting: 0 } },
};

describe('queue', () => {
  it('shows depth, age, dead letters, workers and what is next', async ({ server, scanfleet }) => {
    server.answer(json(200, QUEUE));
    const { stdout, code } = await scanfleet('queue');
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'Open jobs     2',
      'Tasks         3 released, 6 waiting',
      'Oldest        2026-01-31 12:00:00Z, 600 seconds ago',
      'Dead letters  1',
      'Workers       small 2 running, 1 starting; large 0 running, 0 starting',
      '',
      'JOB                                   TASK  SCANNER  STATUS  NOT BEFORE',
      `${JOB_ID}  0004  nmap     queued  2026-01-31 12:10:00Z`,
      `${JOB_ID}  0005  nmap     queued  -`,
      '',
    ]);
    expect(server.received[0]?.url.search).toBe('?scope=own');
  });

  it('--fleet --json is the document of all tenants', async ({ server, scanfleet }) => {
    const depth = { visible: 1, inFlight: 0, delayed: 0 };
    const fleet = { ...QUEUE, queues: { small: depth, large: depth } };
    server.answer(json(200, fleet));
    const { stdout } = await scanfleet('queue', '--fleet', '--json');
    expect(JSON.parse(stdout)).toEqual(fleet);
    expect(server.received[0]?.url.search).toBe('?scope=fleet');
  });
});
