/** What all commands share: help, usage errors, terminals, which service and whose keys. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { it, submitted } from '#test/support/cli-test.ts';
import { json } from '#test/support/contract-server.ts';
import { endedJobView, JOB_ID, jobView } from '#test/support/job-views.ts';
import { runCli, runCliOnTerminal } from '#test/support/run-cli.ts';

describe('the program', () => {
  it('shows its commands and exit codes', async () => {
    const { stdout, code } = await runCli(['--help']);
    expect(code).toBe(0);
    for (const name of ['submit', 'status', 'list', 'cancel', 'report', 'local'])
      expect(stdout).toMatch(`\n  ${name} `);
    expect(stdout).toContain('10 findings, 11 incomplete, 12 no verdict');
  });

  it.for([
    ['help', 'report'],
    ['report', '--help'],
  ])('%s %s shows a command with examples', async (args) => {
    const { stdout, code } = await runCli(args);
    expect(code).toBe(0);
    expect(stdout).toContain('--output <file>');
    expect(stdout).toContain('Examples:');
  });

  it('prints its version', async () => {
    const { version } = JSON.parse(await readFile(new URL('../../../package.json', import.meta.url), 'utf8'));
    expect(await runCli(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` });
  });

  it.for<[string[], string]>([
    [['submi'], '(Did you mean submit?)'],
    [['list', '--limt', '3'], '(Did you mean --limit?)'],
    [['status'], "missing required argument 'job-id'"],
    [['status', 'x'], 'a job id'],
    [['list', '--status', 'done'], 'Allowed choices are queued, running'],
    [['local', '--fresh', '--ephemeral'], 'cannot be used with'],
  ])('refuses %j with 2 and a hint', async ([args, hint], { env }) => {
    const result = await runCli(args, { env });
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain(hint);
  });

  it('without a command shows help on stderr and ends with 2', async () => {
    const result = await runCli([]);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain('Usage: scanfleet');
  });

  it('says what to do where no service is found or none listens', async ({ server, folder, scanfleet }) => {
    const lost = await runCli(['list'], { cwd: folder, env: { HOME: folder } });
    expect(lost).toMatchObject({ code: 6, stdout: '' });
    expect(lost.stderr).toMatch(/no service found.*npm start.*--url/);
    await server.close();
    const dead = await scanfleet('list');
    expect(dead.code).toBe(6);
    expect(dead.stderr).toContain(`nothing listens on ${server.url} (from ${join(folder, 'local.json')})`);
  });

  it('signs with the keys of the AWS default chain where a service is named by URL', async ({ server, folder }) => {
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

  it('signs with the profile that --aws-profile names', async ({ server, folder }) => {
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

  it('says so when there are no credentials', async ({ server, folder }) => {
    const own = { HOME: folder, AWS_EC2_METADATA_DISABLED: 'true', AWS_REGION: 'eu-west-1', SCANFLEET_URL: server.url };
    const result = await runCli(['list'], { env: own });
    expect(result.code).toBe(3);
    expect(result.stderr).toContain('no AWS credentials');
  });
});

describe('on a terminal', () => {
  const plain = (text: string) => text.replaceAll('\r\n', '\n');

  it('progress is a bar that leaves nothing behind, and verdicts have colours', async ({ server, env }) => {
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

  it('a narrow one gets no bar and no broken lines; NO_COLOR no colours', async ({ server, env }) => {
    server.answer(submitted, json(200, endedJobView()));
    const args = ['submit', '127.0.0.1', '--scanner', 'nmap', '--wait'];
    const { stdout } = await runCliOnTerminal(args, 30, { env: { ...env, NO_COLOR: '1' } });
    expect(stdout).toContain('\r\u001b[K  0% queued  0 of 1 task, 0 …\r\u001b[K');
    expect(stdout).not.toContain('\u001b[31m');
  });

  it('the report is a table', async ({ server, env }) => {
    server.answer(json(200, endedJobView()), (_, response) => void response.end('{"end":true,"findings":0}\n'));
    const { stdout } = await runCliOnTerminal(['report', JOB_ID], 100, { env });
    expect(stdout).toContain('No findings.');
    expect(server.received[1]?.url.search).toBe('?format=ndjson&profile=summary');
  });
});
