/** The commands as processes, against a server that answers as told and checks every signature. */
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Answer,
  broken,
  type ContractServer,
  json,
  problem,
  startContractServer,
} from '#test/support/contract-server.ts';
import { endedJobView, JOB_ID, jobView } from '#test/support/job-views.ts';
import { ended, runCli, runCliOnTerminal, startCli } from '#test/support/run-cli.ts';

let server: ContractServer;
let folder: string;
/** The server as a local service would have it found, plus nothing of the machine's own AWS configuration. */
let env: Record<string, string>;
beforeEach(async () => {
  server = await startContractServer();
  folder = await realpath(await mkdtemp(join(tmpdir(), 'scanfleet-cli-')));
  env = { SCANFLEET_STATE: folder, HOME: folder };
  const identities = [{ name: 'acme', tenant: 'acme', role: 'x', ...server.identity }];
  await writeFile(
    join(folder, 'local.json'),
    JSON.stringify({ endpoint: server.url, region: server.region, identities }),
  );
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

const scanfleet = (...args: readonly string[]) => runCli(args, { env, cwd: folder });
const submitted = json(201, { ...jobView({ status: 'queued', percent: 0 }), queuePosition: 2 });
const HOSTILE = '\u001b[31mred\u202e';

describe('submit', () => {
  const submit = (...more: readonly string[]) => scanfleet('submit', '127.0.0.1', '--scanner', 'nmap', ...more);

  it('sends what was asked for, under a key, and prints the job id alone on stdout', async () => {
    server.answer(submitted);
    const result = await submit('--option', 'ports=1-1024', '--label', 'ticket=SEC-7', '--deadline', '15m');
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

  it('takes the whole request from stdin, its idempotency key included', async () => {
    server.answer(submitted);
    const request = { targets: ['a.example'], scanners: [{ name: 'nmap' }], idempotencyKey: 'key-1' };
    const input = JSON.stringify(request);
    const result = await runCli(['submit', '--file', '-', '--json'], { env, input });
    expect(JSON.parse(result.stdout)).toMatchObject({ jobId: JOB_ID, queuePosition: 2 });
    expect(JSON.parse(server.received[0]?.body ?? '')).toEqual(request);
    expect(server.received[0]?.headers['idempotency-key']).toBe('key-1');
  });

  it('--wait follows to the end, in plain lines, and exits with the verdict', async () => {
    server.answer(submitted, json(200, jobView()), json(200, endedJobView()));
    const result = await submit('--wait');
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

  it.each([
    ['clean', 0],
    ['findings', 10],
    ['incomplete', 11],
    ['no_verdict', 12],
  ] as const)('--wait --json prints the ended job alone; %s exits with %i', async (verdict, code) => {
    server.answer(submitted, json(200, endedJobView({ verdict })));
    const result = await submit('--wait', '--json');
    expect(result.code).toBe(code);
    expect(JSON.parse(result.stdout)).toEqual(endedJobView({ verdict }));
  });

  it('names each field that the service refuses', async () => {
    const errors = [{ field: 'targets.0', message: `is "${HOSTILE}"; allowed: a host name` }];
    server.answer(problem(400, 'invalid_request', { detail: 'The request cannot be used.', errors }));
    const result = await submit();
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain('  targets.0 is "\\x1b[31mred\\u202e"; allowed: a host name\n');
    expect(result.stderr).toContain('request id request-1');
  });

  it.each([
    [403, 'target_denied', 3],
    [409, 'idempotency_key_reused', 4],
  ])('a %i ends with its own exit code, and as JSON where asked', async (status, code, exitCode) => {
    server.answer(problem(status, code));
    const result = await submit('--json');
    expect(result).toMatchObject({ code: exitCode, stdout: '' });
    expect(JSON.parse(result.stderr)).toMatchObject({ error: { code, status }, exitCode });
  });

  it('that lost its answer says how to repeat it safely', async () => {
    server.answer(broken());
    const result = await submit('--idempotency-key', 'key-9');
    expect(result.code).toBe(6);
    expect(result.stderr).toContain('--idempotency-key key-9');
    expect(server.received).toHaveLength(5);
  });

  it('needs no service to tell a wrong option', async () => {
    const result = await submit('--option', 'prots=80');
    expect(result.code).toBe(2);
    expect(result.stderr).toContain('nmap has no option "prots". Allowed: ports,');
    expect(server.received).toEqual([]);
  });
});

describe('status', () => {
  it('shows a job, what strangers wrote in it escaped', async () => {
    server.answer(json(200, jobView({ name: HOSTILE })));
    const result = await scanfleet('status', JOB_ID);
    expect(result.code).toBe(0);
    expect(result.stdout).toContain('Name      \\x1b[31mred\\u202e\n');
  });

  it('--json is the job, safe to show and unchanged in meaning', async () => {
    server.answer(json(200, jobView({ name: HOSTILE })));
    const { stdout } = await scanfleet('status', JOB_ID, '--json');
    expect(stdout).not.toContain('\u202e');
    expect(JSON.parse(stdout)).toEqual(jobView({ name: HOSTILE }));
  });

  it('--watch --json is a line at each change', async () => {
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

  it('of a job that is not there is refused', async () => {
    server.answer(problem(404, 'job_not_found', { detail: 'There is no such job.' }));
    const result = await scanfleet('status', JOB_ID);
    expect(result).toMatchObject({ code: 3, stdout: '' });
    expect(result.stderr).toContain('There is no such job. (job_not_found)');
  });

  it('Ctrl-C while watching ends with 130 and says that the job goes on', async () => {
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

  it('shows jobs as a table', async () => {
    server.answer(json(200, { jobs: [endedJobView({ name: 'weekly' })] }));
    const { stdout } = await scanfleet('list', '--status', 'completed', '--from', '2026-01-31');
    expect(stdout.split('\n')).toEqual([
      'JOB                                   CREATED               STATUS      VERDICT     DONE  FINDINGS  SCANNERS  NAME',
      `${JOB_ID}  2026-01-31 12:00:00Z  completed   findings    100%  3         nmap      weekly`,
      '',
    ]);
    expect(server.received[0]?.url.search).toBe('?status=completed&from=2026-01-31T00%3A00%3A00.000Z&limit=20');
  });

  it('--limit asks for page after page', async () => {
    server.answer(page(100, 'c1'), page(50, 'c2'));
    const { stdout } = await scanfleet('list', '--limit', '150', '--json');
    expect(server.received.map(({ url }) => url.search)).toEqual(['?limit=100', '?cursor=c1&limit=50']);
    const document = JSON.parse(stdout);
    expect(document.jobs).toHaveLength(150);
    expect(document.nextCursor).toBe('c2');
  });

  it('--all goes to the end, as one document', async () => {
    server.answer(page(100, 'c1'), page(100, 'c2'), page(1));
    const { stdout } = await scanfleet('list', '--all', '--json');
    const document = JSON.parse(stdout);
    expect(document.jobs).toHaveLength(201);
    expect(document).not.toHaveProperty('nextCursor');
  });

  it('of nothing is an empty document', async () => {
    server.answer(page(0));
    expect((await scanfleet('list', '--json')).stdout).toBe('{"jobs":[]}\n');
  });

  it('ends quietly when its reader has enough', async () => {
    server.answer(page(100, 'again'));
    const child = startCli(['list', '--all', '--json'], { env });
    child.stdout?.once('data', () => child.stdout?.destroy());
    const [code] = await once(child, 'exit');
    expect(code).toBe(141);
    expect(child.stderr?.read()).toBeNull();
  });
});

describe('cancel', () => {
  it('says where the job stands, with --wait at its end', async () => {
    const end = endedJobView({ status: 'cancelled', verdict: 'incomplete' });
    server.answer(json(202, jobView({ status: 'cancelling' })), json(200, end));
    expect(await scanfleet('cancel', JOB_ID, '--wait')).toMatchObject({ code: 0, stdout: `${JOB_ID} cancelled\n` });
    expect(server.received[0]).toMatchObject({ method: 'POST', body: '' });
  });

  it('of an ended job is a conflict', async () => {
    server.answer(problem(409, 'job_state'));
    expect(await scanfleet('cancel', JOB_ID)).toMatchObject({ code: 4 });
  });
});

describe('report', () => {
  const FINDING = {
    id: 'f1',
    scanner: 'nmap',
    rule: 'open-port',
    title: HOSTILE,
    severity: 'info',
    location: { host: '127.0.0.1', port: 80, protocol: 'tcp' },
  };
  const REPORT = `${JSON.stringify({ job: {}, coverage: [], counts: {}, findings: [FINDING] })}\n`;
  const sending =
    (body: string, headers: Record<string, string> = { 'scanfleet-findings': '1' }): Answer =>
    (_, response) =>
      void response.writeHead(200, headers).end(body);

  it('passes the document on to a pipe byte by byte', async () => {
    server.answer(sending(REPORT));
    expect(await scanfleet('report', JOB_ID, '--severity', 'low')).toMatchObject({ code: 0, stdout: REPORT });
    expect(server.received[0]?.url.search).toBe('?format=json&severity=low');
  });

  it('-o writes the whole document to a file', async () => {
    server.answer(sending(REPORT));
    const result = await scanfleet('report', JOB_ID, '-o', 'report.json');
    expect(result).toMatchObject({ code: 0, stdout: '' });
    expect(await readFile(join(folder, 'report.json'), 'utf8')).toBe(REPORT);
  });

  it.each<[string, Answer]>([
    ['breaks', broken(REPORT.slice(0, 60), { 'scanfleet-findings': '1' })],
    ['ends early', sending(REPORT.slice(0, 60))],
    ['lacks findings', sending(REPORT, { 'scanfleet-findings': '2' })],
  ])('-o keeps the old file and leaves nothing else when the stream %s', async (_, answer) => {
    await writeFile(join(folder, 'report.json'), 'old');
    server.answer(answer);
    const result = await scanfleet('report', JOB_ID, '-o', 'report.json');
    expect(result.code).toBe(6);
    expect(result.stderr).toContain('the report is cut');
    expect(await readFile(join(folder, 'report.json'), 'utf8')).toBe('old');
    expect((await readdir(folder)).sort()).toEqual(['local.json', 'report.json']);
  });

  it('-o leaves nothing when it is ended half-way', async () => {
    const begun = Promise.withResolvers<void>();
    server.answer((_, response) => void response.writeHead(200).write(REPORT.slice(0, 60), () => begun.resolve()));
    const child = startCli(['report', JOB_ID, '-o', 'report.json'], { env, cwd: folder });
    await begun.promise;
    while (!(await readdir(folder)).some((name) => name.endsWith('.partial'))) await new Promise(setImmediate);
    child.kill('SIGTERM');
    expect(await ended(child)).toMatchObject({ code: 143 });
    expect(await readdir(folder)).toEqual(['local.json']);
  });

  it('to a pipe says by its exit code that it was cut', async () => {
    server.answer(sending(REPORT.slice(0, 60)));
    expect(await scanfleet('report', JOB_ID)).toMatchObject({ code: 6 });
  });

  it('--format table has the verdict above the findings', async () => {
    const lines = `${JSON.stringify(FINDING)}\n{"end":true,"findings":1}\n`;
    server.answer(json(200, endedJobView({ verdict: 'incomplete', covered: 1, uncovered: 2 })), sending(lines));
    const { stdout, code } = await scanfleet('report', JOB_ID, '--format', 'table', '--exit-verdict');
    expect(stdout.split('\n')).toEqual([
      `Job       ${JOB_ID}`,
      'Status    completed',
      'Verdict   incomplete: some targets were not covered',
      'Coverage  1 of 3 covered',
      'Findings  3 (1 high, 2 info)',
      'Tasks     1 of 1 ended',
      '',
      'SEVERITY  WHERE             RULE       TITLE',
      'info      127.0.0.1:80/tcp  open-port  \\x1b[31mred\\u202e',
      '1 finding: 1 info',
      '',
    ]);
    expect(code).toBe(11);
  });
});

describe('on a terminal', () => {
  const plain = (text: string) => text.replaceAll('\r\n', '\n');

  it('progress is a bar that leaves nothing behind, and verdicts have colours', async () => {
    server.answer(submitted, json(200, jobView()), json(200, endedJobView()));
    const args = ['submit', '127.0.0.1', '--scanner', 'nmap', '--wait'];
    const { stdout, code } = await runCliOnTerminal(args, 100, { env });
    expect(code).toBe(10);
    expect(stdout).toContain(
      '\r\u001b[K[##########----------]  50% running  0 of 1 task, 0 findings  nmap: Connect Scan',
    );
    expect(plain(stdout)).toContain('\r\u001b[KJob       019aa0f3');
    expect(stdout).toContain('\u001b[31mfindings: every target was covered');
  });

  it('a narrow one gets no bar and no broken lines; NO_COLOR no colours', async () => {
    server.answer(submitted, json(200, endedJobView()));
    const args = ['submit', '127.0.0.1', '--scanner', 'nmap', '--wait'];
    const { stdout } = await runCliOnTerminal(args, 30, { env: { ...env, NO_COLOR: '1' } });
    expect(stdout).toContain('\r\u001b[K  0% queued  0 of 1 task, 0 …\r\u001b[K');
    expect(stdout).not.toContain('\u001b[31m');
  });

  it('the report is a table', async () => {
    server.answer(json(200, endedJobView()), (_, response) => void response.end('{"end":true,"findings":0}\n'));
    const { stdout } = await runCliOnTerminal(['report', JOB_ID], 100, { env });
    expect(stdout).toContain('No findings.');
    expect(server.received[1]?.url.search).toBe('?format=ndjson&profile=summary');
  });
});

describe('the program', () => {
  it('shows its commands and exit codes', async () => {
    const { stdout, code } = await runCli(['--help']);
    expect(code).toBe(0);
    for (const name of ['submit', 'status', 'list', 'cancel', 'report', 'local'])
      expect(stdout).toMatch(`\n  ${name} `);
    expect(stdout).toContain('10 findings, 11 incomplete, 12 no verdict');
  });

  it.each([
    ['help', 'report'],
    ['report', '--help'],
  ])('%s %s shows a command with examples', async (...args) => {
    const { stdout, code } = await runCli(args);
    expect(code).toBe(0);
    expect(stdout).toContain('--output <file>');
    expect(stdout).toContain('Examples:');
  });

  it('prints its version', async () => {
    const { version } = JSON.parse(await readFile(new URL('../../../package.json', import.meta.url), 'utf8'));
    expect(await runCli(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` });
  });

  it.each([
    [['submi'], '(Did you mean submit?)'],
    [['list', '--limt', '3'], '(Did you mean --limit?)'],
    [['status'], "missing required argument 'job-id'"],
    [['status', 'x'], 'a job id'],
    [['list', '--status', 'done'], 'Allowed choices are queued, running'],
    [['local', '--fresh', '--ephemeral'], 'cannot be used with'],
  ])('refuses %j with 2 and a hint', async (args, hint) => {
    const result = await runCli(args, { env });
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain(hint);
  });

  it('without a command shows help on stderr and ends with 2', async () => {
    const result = await runCli([]);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain('Usage: scanfleet');
  });

  it('says what to do where no service is found or none listens', async () => {
    const lost = await runCli(['list'], { cwd: folder, env: { HOME: folder } });
    expect(lost).toMatchObject({ code: 6, stdout: '' });
    expect(lost.stderr).toMatch(/no service found.*npm start.*--url/);
    await server.close();
    const dead = await scanfleet('list');
    expect(dead.code).toBe(6);
    expect(dead.stderr).toContain(`nothing listens on ${server.url} (from ${join(folder, 'local.json')})`);
  });

  it('signs with the keys of the AWS default chain where a service is named by URL', async () => {
    server.answer(json(200, { jobs: [] }));
    const keys = {
      AWS_ACCESS_KEY_ID: server.identity.accessKeyId,
      AWS_SECRET_ACCESS_KEY: server.identity.secretAccessKey,
    };
    const named = { ...keys, HOME: folder, AWS_REGION: server.region, SCANFLEET_URL: server.url };
    expect(await runCli(['list', '--json'], { cwd: folder, env: named })).toMatchObject({
      code: 0,
      stdout: '{"jobs":[]}\n',
    });
  });

  it('signs with the profile that --aws-profile names', async () => {
    server.answer(json(200, { jobs: [] }));
    const { accessKeyId, secretAccessKey } = server.identity;
    const credentials = join(folder, 'credentials');
    await writeFile(
      credentials,
      `[default]\naws_access_key_id=x\naws_secret_access_key=y\n[fleet]\naws_access_key_id=${accessKeyId}\naws_secret_access_key=${secretAccessKey}\n`,
    );
    const args = ['list', '--json', '--url', server.url, '--region', server.region, '--aws-profile', 'fleet'];
    const own = { HOME: folder, AWS_SHARED_CREDENTIALS_FILE: credentials };
    expect(await runCli(args, { env: own })).toMatchObject({ code: 0, stdout: '{"jobs":[]}\n' });
  });

  it('says so when there are no credentials', async () => {
    const own = { HOME: folder, AWS_EC2_METADATA_DISABLED: 'true', AWS_REGION: 'eu-west-1', SCANFLEET_URL: server.url };
    const result = await runCli(['list'], { env: own });
    expect(result.code).toBe(3);
    expect(result.stderr).toContain('no AWS credentials');
  });
});
