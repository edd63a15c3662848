/** `scanfleet dead-letters` as a process. */
import { describe, expect } from 'vitest';
import { HOSTILE, it } from '#test/support/cli-test.ts';
import { json } from '#test/support/contract-server.ts';
import { JOB_ID } from '#test/support/job-views.ts';

const AT = '2026-01-31T12:00:00.000Z';
const letter = (taskId: string, changes = {}) => ({
  kind: 'task',
  deadLetterId: `${JOB_ID}/${taskId}`,
  jobId: JOB_ID,
  taskId,
  scanner: 'nmap',
  at: AT,
  code: 'scanner_crashed',
  message: 'nmap ended by SIGSEGV',
  stderrTail: `Starting\n${HOSTILE}\n`,
  attempt: 3,
  claims: [{ attempt: 3, worker: 'worker-1', at: AT, endedAt: '2026-01-31T12:00:09.000Z', why: 'scanner_crashed' }],
  standing: 'redrivable',
  ...changes,
});

describe('dead-letters', () => {
  it('lists them as a table', async ({ server, scanfleet }) => {
    server.answer(json(200, { deadLetters: [letter('0002', { standing: 'job_open' }), letter('0001')] }));
    const { stdout, code } = await scanfleet('dead-letters');
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'DEAD LETTER                                AT                    SCANNER  STANDING       CAUSE             MESSAGE',
      `${JOB_ID}/0002  2026-01-31 12:00:00Z  nmap     job_open       scanner_crashed   nmap ended by SIGSEGV`,
      `${JOB_ID}/0001  2026-01-31 12:00:00Z  nmap     redrivable     scanner_crashed   nmap ended by SIGSEGV`,
      '',
    ]);
    expect(server.received[0]?.url.search).toBe('?scope=own&limit=20');
  });

  it('list --all --json goes to the end, as one document', async ({ server, scanfleet }) => {
    server.answer(
      json(200, { deadLetters: [letter('0002')], nextCursor: 'c1' }),
      json(200, { deadLetters: [letter('0001')] }),
    );
    const { stdout } = await scanfleet('dead-letters', 'list', '--all', '--json');
    expect(JSON.parse(stdout)).toEqual({ deadLetters: [letter('0002'), letter('0001')] });
  });

  it('--fleet lists messages, what is in them escaped', async ({ server, scanfleet }) => {
    const message = {
      kind: 'message',
      deadLetterId: 'a'.repeat(64),
      at: AT,
      reason: 'not_json',
      body: HOSTILE,
      bytes: 9,
      receiveCount: 5,
      queue: 'small',
    };
    server.answer(json(200, { deadLetters: [message] }));
    const { stdout } = await scanfleet('dead-letters', '--fleet');
    expect(stdout.split('\n')[1]).toBe('2026-01-31 12:00:00Z  small  not_json      9      \\x1b[31mred\\u202e');
    expect(server.received[0]?.url.search).toBe('?scope=fleet&limit=20');
  });

  it('show tells the claims and the last of stderr, escaped', async ({ server, scanfleet }) => {
    server.answer(
      json(200, { deadLetters: [letter('0002')], nextCursor: 'c1' }),
      json(200, { deadLetters: [letter('0001')] }),
    );
    const { stdout } = await scanfleet('dead-letters', 'show', `${JOB_ID}/0001`);
    expect(stdout).toContain('Task      0001\n');
    expect(stdout).toContain('Cause     scanner_crashed: nmap ended by SIGSEGV\n');
    expect(stdout).toContain('3        worker-1  2026-01-31 12:00:00Z  2026-01-31 12:00:09Z  scanner_crashed\n');
    expect(stdout).toContain('The last of its stderr:\nStarting\n\\x1b[31mred\\u202e\n');
  });

  it('show of what is none is refused', async ({ server, scanfleet }) => {
    server.answer(json(200, { deadLetters: [] }));
    const result = await scanfleet('dead-letters', 'show', `${JOB_ID}/0001`);
    expect(result).toMatchObject({ code: 3, stdout: '' });
    expect(result.stderr).toContain(`there is no dead letter ${JOB_ID}/0001`);
  });

  it('redrive says what became of each; unless all run again, its exit code is 4', async ({ server, scanfleet }) => {
    const ids = [`${JOB_ID}/0001`, `${JOB_ID}/0002`];
    const deadLetters = [
      { deadLetterId: ids[0], outcome: 'redriven' },
      { deadLetterId: ids[1], outcome: 'refused', why: 'too old' },
    ];
    server.answer(json(200, { deadLetters }));
    const result = await scanfleet('dead-letters', 'redrive', ...ids);
    expect(result).toMatchObject({ code: 4, stdout: `${ids[0]} redriven\n${ids[1]} refused: too old\n` });
    expect(JSON.parse(server.received[0]?.body ?? '')).toEqual({ deadLetters: ids });
  });

  it('redrive --all goes on page by page', async ({ server, scanfleet }) => {
    const answer = (taskId: string) => ({ deadLetterId: `${JOB_ID}/${taskId}`, outcome: 'redriven' });
    server.answer(
      json(200, { deadLetters: [answer('0002')], nextCursor: 'c1' }),
      json(200, { deadLetters: [answer('0001')] }),
    );
    const { stdout, code } = await scanfleet('dead-letters', 'redrive', '--all', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ deadLetters: [answer('0002'), answer('0001')] });
    expect(server.received.map(({ body }) => JSON.parse(body))).toEqual([{ all: true }, { all: true, cursor: 'c1' }]);
  });

  it.each([
    [['list', `${JOB_ID}/0001`]],
    [['show']],
    [['redrive']],
    [['redrive', `${JOB_ID}/0001`, '--all']],
    [['redrive', '--all', '--fleet']],
    [['bury']],
  ])('%j is a wrong command line', async (args) => {
    const { runCli } = await import('#test/support/run-cli.ts');
    expect(await runCli(['dead-letters', ...args])).toMatchObject({ code: 2, stdout: '' });
  });
});
