/** `scanfleet findings` and `coverage` as processes. */
import { describe, expect } from 'vitest';
import { HOSTILE, it } from '#test/support/cli-test.ts';
import { json, problem } from '#test/support/contract-server.ts';
import { JOB_ID } from '#test/support/job-views.ts';

const finding = (changes: object = {}) => ({
  id: 'f'.repeat(64),
  rule: 'open-port',
  severity: 'info',
  location: { host: '203.0.113.7', port: 22, protocol: 'tcp' },
  title: 'Open port',
  ...changes,
});
const rowsOf = (text: string) => text.split('\n').map((line) => line.split(/ {2,}/));
const linesOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('findings', () => {
  it('are a table, what strangers wrote in it escaped', async ({ server, scanfleet }) => {
    const findings = [finding({ severity: 'high', title: HOSTILE }), finding()];
    server.answer(json(200, { findings, total: 2, complete: true }));
    const { stdout, stderr, code } = await scanfleet('findings', JOB_ID, '--severity', 'low');
    expect(rowsOf(stdout)).toEqual([
      ['SEVERITY', 'WHERE', 'RULE', 'TITLE'],
      ['high', '203.0.113.7:22/tcp', 'open-port', '\\x1b[31mred\\u202e'],
      ['info', '203.0.113.7:22/tcp', 'open-port', 'Open port'],
      [''],
    ]);
    expect([stderr, code]).toEqual(['', 0]);
    expect(server.received[0]?.url.pathname).toBe(`/jobs/${JOB_ID}/findings`);
    expect(server.received[0]?.url.search).toBe('?severity=low&profile=summary&limit=100');
  });

  it('say when there are more, and when the job goes on', async ({ server, scanfleet }) => {
    server.answer(json(200, { findings: [finding()], total: 7, complete: false, nextCursor: 'c1' }));
    const { stderr } = await scanfleet('findings', JOB_ID, '--limit', '1');
    expect(stderr).toBe('1 of 7 shown. --all shows all.\nNot all tasks had ended: there may be more.\n');
  });

  it('--all --json are NDJSON, page after page, and a last line that says whether that was all', async ({
    server,
    scanfleet,
  }) => {
    server.answer(
      json(200, { findings: [finding({ raw: 1 })], total: 2, complete: true, nextCursor: 'c1' }),
      json(200, { findings: [finding()], total: 2, complete: true }),
    );
    const { stdout } = await scanfleet('findings', JOB_ID, '--all', '--json');
    expect(linesOf(stdout)).toEqual([
      finding({ raw: 1 }),
      finding(),
      { end: true, shown: 2, total: 2, complete: true },
    ]);
    expect(server.received.map(({ url }) => url.search)).toEqual(['?limit=1000', '?cursor=c1&limit=1000']);
  });

  it('--json tells where an ended list goes on', async ({ server, scanfleet }) => {
    server.answer(json(200, { findings: [finding()], total: 2, complete: true, nextCursor: 'c1' }));
    const { stdout } = await scanfleet('findings', JOB_ID, '--limit', '1', '--cursor', 'c0', '--json');
    expect(linesOf(stdout).at(-1)).toEqual({ end: true, shown: 1, total: 2, complete: true, nextCursor: 'c1' });
    expect(server.received[0]?.url.search).toBe('?cursor=c0&limit=1');
  });

  it('of a job that found nothing are none', async ({ server, scanfleet }) => {
    server.answer(json(200, { findings: [], total: 0, complete: true }));
    expect((await scanfleet('findings', JOB_ID)).stdout).toBe('No findings.\n');
  });

  it('of a job that is not there are refused', async ({ server, scanfleet }) => {
    server.answer(problem(404, 'job_not_found'));
    expect(await scanfleet('findings', JOB_ID)).toMatchObject({ code: 3, stdout: '' });
  });
});

describe('coverage', () => {
  const reached = { scanner: 'nmap', target: 'a.example', host: 'a.example', status: 'reached' };
  const missed = {
    ...{ scanner: 'nmap', target: '198.51.100.0/30', host: '198.51.100.1', status: 'not_scanned' },
    reason: 'nmap ended with code 1',
  };

  it('is a table of what happened to each target', async ({ server, scanfleet }) => {
    server.answer(json(200, { coverage: [reached, missed], total: 2, complete: true }));
    const { stdout } = await scanfleet('coverage', JOB_ID);
    expect(rowsOf(stdout)).toEqual([
      ['STATUS', 'HOST', 'OF', 'SCANNER', 'WHY'],
      ['reached', 'a.example', '-', 'nmap'],
      ['not_scanned', '198.51.100.1', '198.51.100.0/30', 'nmap', 'nmap ended with code 1'],
      [''],
    ]);
  });

  it('--status --json is NDJSON of what ended so', async ({ server, scanfleet }) => {
    server.answer(json(200, { coverage: [missed], total: 1, complete: false }));
    const { stdout } = await scanfleet('coverage', JOB_ID, '--status', 'not_scanned', '--json');
    expect(linesOf(stdout)).toEqual([missed, { end: true, shown: 1, total: 1, complete: false }]);
    expect(server.received[0]?.url.search).toBe('?status=not_scanned&limit=100');
  });

  it('of nothing says so', async ({ server, scanfleet }) => {
    server.answer(json(200, { coverage: [], total: 0, complete: false }));
    const { stdout, stderr } = await scanfleet('coverage', JOB_ID);
    expect(stdout).toBe('No targets.\n');
    expect(stderr).toBe('Not all tasks had ended: there may be more.\n');
  });
});
