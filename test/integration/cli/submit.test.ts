/** `scanfleet submit` as a process. */
import { describe, expect } from 'vitest';
import { HOSTILE, it, submitted } from '#test/support/cli-test.ts';
import { broken, json, problem } from '#test/support/contract-server.ts';
import { endedJobView, JOB_ID, jobView } from '#test/support/job-views.ts';
import { runCli } from '#test/support/run-cli.ts';

describe('submit', () => {
  const SUBMIT = ['submit', '127.0.0.1', '--scanner', 'nmap'];

  it('sends what was asked for, under a key, and prints the job id alone on stdout', async ({ server, scanfleet }) => {
    server.answer(submitted);
    const result = await scanfleet(
      ...SUBMIT,
      '--option',
      'ports=1-1024',
      '--label',
      'ticket=SEC-7',
      '--deadline',
      '15m',
    );
    expect(result).toMatchObject({ code: 0, stdout: `${JOB_ID}\n` });
    expect(result.stderr).toContain(`scanfleet status ${JOB_ID} --watch`);
    expect(JSON.parse(server.received[0]?.body ?? '')).toEqual({
      targets: ['127.0.0.1'],
      scanners: [{ name: 'nmap', options: { ports: '1-1024' } }],
      labels: { ticket: 'SEC-7' },
      deadlineSeconds: 900,
    });
    expect(server.received[0]?.headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('takes the whole request from stdin, its idempotency key included', async ({ server, env }) => {
    server.answer(submitted);
    const request = { targets: ['a.example'], scanners: [{ name: 'nmap' }], idempotencyKey: 'key-1' };
    const input = JSON.stringify(request);
    const result = await runCli(['submit', '--file', '-', '--json'], { env, input });
    expect(JSON.parse(result.stdout)).toMatchObject({ jobId: JOB_ID, queuePosition: 2 });
    expect(JSON.parse(server.received[0]?.body ?? '')).toEqual(request);
    expect(server.received[0]?.headers['idempotency-key']).toBe('key-1');
  });

  it('--wait follows to the end, in plain lines, and exits with the verdict', async ({ server, scanfleet }) => {
    server.answer(submitted, json(200, jobView()), json(200, endedJobView()));
    const result = await scanfleet(...SUBMIT, '--wait');
    expect(result.code).toBe(10);
    expect(result.stdout).toContain('Verdict   findings: every target was covered');
    expect(result.stderr.split('\n')).toEqual([
      `Job ${JOB_ID}`,
      'queued 0%, 0 of 1 task, 0 findings, nmap: Connect Scan',
      'running 50%, 0 of 1 task, 0 findings, nmap: Connect Scan',
      'completed 100%, 1 of 1 task, 3 findings',
      `The findings: scanfleet report ${JOB_ID}`,
      '',
    ]);
    expect(result.stdout + result.stderr).not.toContain('\u001b');
  });

  it.for([
    ['clean', 0],
    ['findings', 10],
    ['incomplete', 11],
    ['no_verdict', 12],
  ] as const)(
    '--wait --json prints the ended job alone; %s exits with %i',
    async ([verdict, code], { server, scanfleet }) => {
      server.answer(submitted, json(200, endedJobView({ verdict })));
      const result = await scanfleet(...SUBMIT, '--wait', '--json');
      expect(result.code).toBe(code);
      expect(JSON.parse(result.stdout)).toEqual(endedJobView({ verdict }));
    },
  );

  it('names each field that the service refuses', async ({ server, scanfleet }) => {
    const errors = [{ field: 'targets.0', message: `is "${HOSTILE}"; allowed: a host name` }];
    server.answer(problem(400, 'invalid_request', { detail: 'The request cannot be used.', errors }));
    const result = await scanfleet(...SUBMIT);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain('  targets.0 is "\\x1b[31mred\\u202e"; allowed: a host name\n');
    expect(result.stderr).toContain('request id request-1');
  });

  it.for([
    [403, 'target_denied', 3],
    [409, 'idempotency_key_reused', 4],
  ] as const)(
    'a %i ends with its own exit code, and as JSON where asked',
    async ([status, code, exitCode], { server, scanfleet }) => {
      server.answer(problem(status, code));
      const result = await scanfleet(...SUBMIT, '--json');
      expect(result).toMatchObject({ code: exitCode, stdout: '' });
      expect(JSON.parse(result.stderr)).toMatchObject({ error: { code, status }, exitCode });
    },
  );

  it('that lost its answer says how to repeat it safely', async ({ server, scanfleet }) => {
    server.answer(broken());
    const result = await scanfleet(...SUBMIT, '--idempotency-key', 'key-9');
    expect(result.code).toBe(6);
    expect(result.stderr).toContain('--idempotency-key key-9');
    expect(server.received).toHaveLength(5);
  });

  it('needs no service to tell a wrong option', async ({ server, scanfleet }) => {
    const result = await scanfleet(...SUBMIT, '--option', 'prots=80');
    expect(result.code).toBe(2);
    expect(result.stderr).toContain('nmap has no option "prots". Allowed: ports,');
    expect(server.received).toEqual([]);
  });
});
