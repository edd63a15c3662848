/** `scanfleet report` as a process: whole or not at all. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { HOSTILE, it } from '#test/support/cli-test.ts';
import { type Answer, broken, json } from '#test/support/contract-server.ts';
import { endedJobView, JOB_ID } from '#test/support/job-views.ts';
import { ended, startCli } from '#test/support/run-cli.ts';

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

  it('passes the document on to a pipe byte by byte', async ({ server, scanfleet }) => {
    server.answer(sending(REPORT));
    expect(await scanfleet('report', JOB_ID, '--severity', 'low')).toMatchObject({ code: 0, stdout: REPORT });
    expect(server.received[0]?.url.search).toBe('?format=json&severity=low');
  });

  it('-o writes the whole document to a file', async ({ server, folder, scanfleet }) => {
    server.answer(sending(REPORT));
    const result = await scanfleet('report', JOB_ID, '-o', 'report.json');
    expect(result).toMatchObject({ code: 0, stdout: '' });
    expect(await readFile(join(folder, 'report.json'), 'utf8')).toBe(REPORT);
  });

  it.for<[string, Answer]>([
    ['breaks', broken(REPORT.slice(0, 60), { 'scanfleet-findings': '1' })],
    ['ends early', sending(REPORT.slice(0, 60))],
    ['lacks findings', sending(REPORT, { 'scanfleet-findings': '2' })],
  ])(
    '-o keeps the old file and leaves nothing else when the stream %s',
    async ([_, answer], { server, folder, scanfleet }) => {
      await writeFile(join(folder, 'report.json'), 'old');
      server.answer(answer);
      const result = await scanfleet('report', JOB_ID, '-o', 'report.json');
      expect(result.code).toBe(6);
      expect(result.stderr).toContain('the report is cut');
      expect(await readFile(join(folder, 'report.json'), 'utf8')).toBe('old');
      expect((await readdir(folder)).sort()).toEqual(['local.json', 'report.json']);
    },
  );

  it('-o leaves nothing when it is ended half-way', async ({ server, folder, env }) => {
    server.answer((_, response) => void response.writeHead(200).write(REPORT.slice(0, 60)));
    const child = startCli(['report', JOB_ID, '-o', 'report.json'], { env, cwd: folder });
    const hasBegun = async () => (await readdir(folder)).some((name) => name.endsWith('.partial'));
    while (child.exitCode === null && !(await hasBegun())) await new Promise(setImmediate);
    child.kill('SIGTERM');
    expect(await ended(child)).toMatchObject({ code: 143 });
    expect(await readdir(folder)).toEqual(['local.json']);
  });

  it('to a pipe says by its exit code that it was cut', async ({ server, scanfleet }) => {
    server.answer(sending(REPORT.slice(0, 60)));
    expect(await scanfleet('report', JOB_ID)).toMatchObject({ code: 6 });
  });

  it('--format table has the verdict above the findings', async ({ server, scanfleet }) => {
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
