/** `scanfleet status`, `list`, `cancel`, `retry`, `delete` and `timeline` as processes. */
import { once } from 'node:events';
import { describe, expect } from 'vitest';
import { HOSTILE, it } from '#test/support/cli-test.ts';
import { broken, json, problem } from '#test/support/contract-server.ts';
import { endedJobView, JOB_ID, jobView } from '#test/support/job-views.ts';
import { ended, startCli } from '#test/support/run-cli.ts';

describe('status', () => {
  it('shows a job, what strangers wrote in it escaped', async ({ server, scanfleet }) => {
    server.answer(json(200, jobView({ name: HOSTILE })));
    const result = await scanfleet('status', JOB_ID);
    expect(result.code).toBe(0);
    expect(result.stdout).toContain('Name      \\x1b[31mred\\u202e\n');
  });

  it('--json is the job, safe to show and unchanged in meaning', async ({ server, scanfleet }) => {
    server.answer(json(200, jobView({ name: HOSTILE })));
    const { stdout } = await scanfleet('status', JOB_ID, '--json');
    expect(stdout).not.toContain('\u202e');
    expect(JSON.parse(stdout)).toEqual(jobView({ name: HOSTILE }));
  });

  it('--watch --json is a line at each change', async ({ server, scanfleet }) => {
    server.answer(json(200, jobView()), json(200, jobView()), json(200, endedJobView()));
    const { stdout, code } = await scanfleet('status', JOB_ID, '--watch', '--json', '--exit-verdict');
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([jobView(), endedJobView()]);
    expect(code).toBe(10);
  });

  it('of a job that is not there is refused', async ({ server, scanfleet }) => {
    server.answer(problem(404, 'job_not_found', { detail: 'There is no such job.' }));
    const result = await scanfleet('status', JOB_ID);
    expect(result).toMatchObject({ code: 3, stdout: '' });
    expect(result.stderr).toContain('There is no such job. (job_not_found)');
  });

  it('Ctrl-C while watching ends with 130 and says that the job goes on', async ({ server, env }) => {
    server.answer(json(200, jobView()));
    const child = startCli(['status', JOB_ID, '--watch'], { env });
    child.stderr?.once('data', () => child.kill('SIGINT'));
    const result = await ended(child);
    expect(result).toMatchObject({ code: 130, stdout: '' });
    expect(result.stderr).toContain(`the job goes on. To stop it: scanfleet cancel ${JOB_ID}`);
  });
});

describe('list', () => {
  const page = (count: number, nextCursor?: string) =>
    json(200, { jobs: Array.from({ length: count }, () => endedJobView()), ...(nextCursor ? { nextCursor } : {}) });

  it('shows jobs as a table', async ({ server, scanfleet }) => {
    server.answer(json(200, { jobs: [endedJobView({ name: 'weekly' })] }));
    const { stdout } = await scanfleet('list', '--status', 'completed', '--from', '2026-01-31');
    expect(stdout.split('\n')).toEqual([
      'JOB                                   CREATED               STATUS      VERDICT     DONE  FINDINGS  SCANNERS  NAME',
      `${JOB_ID}  2026-01-31 12:00:00Z  completed   findings    100%  3         nmap      weekly`,
      '',
    ]);
    expect(server.received[0]?.url.search).toBe('?status=completed&from=2026-01-31T00%3A00%3A00.000Z&limit=20');
  });

  it('--limit asks for page after page', async ({ server, scanfleet }) => {
    server.answer(page(100, 'c1'), page(50, 'c2'));
    const { stdout } = await scanfleet('list', '--limit', '150', '--json');
    expect(server.received.map(({ url }) => url.search)).toEqual(['?limit=100', '?cursor=c1&limit=50']);
    const document = JSON.parse(stdout);
    expect(document.jobs).toHaveLength(150);
    expect(document.nextCursor).toBe('c2');
  });

  it('--all goes to the end, as one document', async ({ server, scanfleet }) => {
    server.answer(page(100, 'c1'), page(100, 'c2'), page(1));
    const { stdout } = await scanfleet('list', '--all', '--json');
    const document = JSON.parse(stdout);
    expect(document.jobs).toHaveLength(201);
    expect(document).not.toHaveProperty('nextCursor');
  });

  it('of nothing is an empty document', async ({ server, scanfleet }) => {
    server.answer(page(0));
    expect((await scanfleet('list', '--json')).stdout).toBe('{"jobs":[]}\n');
  });

  it('ends quietly when its reader has enough', async ({ server, env }) => {
    server.answer(page(100, 'again'));
    const child = startCli(['list', '--all', '--json'], { env });
    child.stdout?.once('data', () => child.stdout?.destroy());
    const [code] = await once(child, 'exit');
    expect(code).toBe(141);
    expect(child.stderr?.read()).toBeNull();
  });
});

describe('cancel', () => {
  it('says where the job stands, with --wait at its end', async ({ server, scanfleet }) => {
    const end = endedJobView({ status: 'cancelled', verdict: 'incomplete' });
    server.answer(json(202, jobView({ status: 'cancelling' })), json(200, end));
    expect(await scanfleet('cancel', JOB_ID, '--wait')).toMatchObject({ code: 0, stdout: `${JOB_ID} cancelled\n` });
    expect(server.received[0]).toMatchObject({ method: 'POST', body: '' });
  });

  it('of an ended job is a conflict', async ({ server, scanfleet }) => {
    server.answer(problem(409, 'job_state'));
    expect(await scanfleet('cancel', JOB_ID)).toMatchObject({ code: 4 });
  });
});

describe('retry', () => {
  const queued = jobView({ status: 'queued', percent: 0 });

  it('says that the job is queued again', async ({ server, scanfleet }) => {
    server.answer(json(202, queued));
    expect(await scanfleet('retry', JOB_ID)).toMatchObject({ code: 0, stdout: `${JOB_ID} queued\n` });
    expect(server.received[0]).toMatchObject({ method: 'POST', body: '' });
    expect(server.received[0]?.url.pathname).toBe(`/jobs/${JOB_ID}/retry`);
  });

  it('asks for another maintenance window', async ({ server, scanfleet }) => {
    server.answer(json(202, queued));
    await scanfleet('retry', JOB_ID, '--not-before', '2026-01-31T22:00:00Z', '--not-after', '2026-02-01T00:00+01:00');
    expect(JSON.parse(server.received[0]?.body ?? '')).toEqual({
      window: { notBefore: '2026-01-31T22:00:00.000Z', notAfter: '2026-01-31T23:00:00.000Z' },
    });
  });

  it('--wait follows the job to its end and exits with the verdict', async ({ server, scanfleet }) => {
    server.answer(json(202, queued), json(200, endedJobView()));
    const { code, stdout } = await scanfleet('retry', JOB_ID, '--wait');
    expect(code).toBe(10);
    expect(stdout).toContain('completed');
  });

  it('is not repeated by itself: a second one would be refused', async ({ server, scanfleet }) => {
    server.answer(broken());
    expect(await scanfleet('retry', JOB_ID)).toMatchObject({ code: 6 });
    expect(server.received).toHaveLength(1);
  });

  it.for([
    ['its state forbids it', problem(409, 'job_state'), 4],
    ['the quota is used up', problem(429, 'quota_exceeded', { retryAfter: '60' }), 5],
  ] as const)('tells when %s', async ([, answer, code], { server, scanfleet }) => {
    server.answer(answer);
    expect(await scanfleet('retry', JOB_ID)).toMatchObject({ code });
  });
});

describe('delete', () => {
  it('says that the job is gone, and is repeated when its answer was lost', async ({ server, scanfleet }) => {
    server.answer(broken(), (_, response) => response.writeHead(204).end());
    expect(await scanfleet('delete', JOB_ID)).toMatchObject({ code: 0, stdout: `${JOB_ID} deleted\n` });
    expect(server.received.map(({ method, url }) => `${method} ${url.pathname}`)).toEqual([
      `DELETE /jobs/${JOB_ID}`,
      `DELETE /jobs/${JOB_ID}`,
    ]);
  });

  it('--json says it to programs', async ({ server, scanfleet }) => {
    server.answer((_, response) => response.writeHead(204).end());
    expect(JSON.parse((await scanfleet('delete', JOB_ID, '--json')).stdout)).toEqual({ jobId: JOB_ID, deleted: true });
  });

  it('of an open job is a conflict', async ({ server, scanfleet }) => {
    server.answer(problem(409, 'job_state'));
    expect(await scanfleet('delete', JOB_ID)).toMatchObject({ code: 4, stdout: '' });
  });
});

describe('timeline', () => {
  const by = '000000000001/developer';
  const submitted = {
    what: 'job_moved',
    at: '2026-01-31T12:00:00.000Z',
    by,
    why: 'submitted',
    from: null,
    to: 'queued',
  };
  const lost = {
    what: 'claim_ended',
    at: '2026-01-31T12:01:00.000Z',
    by: `worker/${HOSTILE}`,
    why: 'lease_lost',
    taskId: '0001',
    attempt: 1,
  };

  it('shows what happened, page after page', async ({ server, scanfleet }) => {
    const claimed = { ...lost, what: 'task_claimed', at: '2026-01-31T12:00:01.000Z', why: 'received from the queue' };
    server.answer(json(200, { events: [submitted, claimed], nextCursor: 'c1' }), json(200, { events: [lost] }));
    const { stdout } = await scanfleet('timeline', JOB_ID);
    expect(stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['WHEN', 'WHAT', 'WHO', 'WHY'],
      ['2026-01-31T12:00:00.000Z', 'job queued', by, 'submitted'],
      [
        '2026-01-31T12:00:01.000Z',
        'task 0001 claimed, attempt 1',
        'worker/\\x1b[31mred\\u202e',
        'received from the queue',
      ],
      ['2026-01-31T12:01:00.000Z', 'task 0001 left, attempt 1', 'worker/\\x1b[31mred\\u202e', 'lease_lost'],
      [''],
    ]);
    expect(server.received.map(({ url }) => url.search)).toEqual(['?limit=500', '?cursor=c1&limit=500']);
  });

  it('--json is one document', async ({ server, scanfleet }) => {
    server.answer(json(200, { events: [submitted], nextCursor: 'c1' }), json(200, { events: [lost] }));
    const { stdout } = await scanfleet('timeline', JOB_ID, '--json');
    expect(JSON.parse(stdout)).toEqual({ events: [submitted, lost] });
  });
});
