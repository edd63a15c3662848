import { describe, expect, it } from 'vitest';
import { showFindings, worstFindings } from '#cli/findings-table.ts';
import { createOutput } from '#cli/output.ts';
import { capturedStream } from '#test/support/captured-stream.ts';

const line = (severity: string, title: string, location: object = { host: 'a.example', port: 80, protocol: 'tcp' }) =>
  JSON.stringify({ id: 'x', severity, rule: 'open-port', title, location });

/** The table of an NDJSON report that comes in chunks of 10 bytes. */
async function table(...lines: readonly string[]): Promise<string[]> {
  const bytes = Buffer.from([...lines, `{"end":true,"findings":${lines.length}}`, ''].join('\n'));
  async function* body(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 10) yield bytes.subarray(at, at + 10);
  }
  const stdout = capturedStream();
  const output = createOutput(stdout, capturedStream(), () => undefined);
  showFindings(output, await worstFindings(body()));
  return stdout.text().split('\n');
}

describe('the table of findings', () => {
  it('has the worst first and counts all', async () => {
    expect(await table(line('info', 'open'), line('critical', 'worst 東'), line('info', 'other'))).toEqual([
      '',
      'SEVERITY  WHERE             RULE       TITLE',
      'critical  a.example:80/tcp  open-port  worst 東',
      'info      a.example:80/tcp  open-port  open',
      'info      a.example:80/tcp  open-port  other',
      '3 findings: 1 critical, 2 info',
      '',
    ]);
  });

  it.each([
    [{ host: 'a.example' }, 'a.example '],
    [{ host: '::1', port: 443, protocol: 'tcp' }, '[::1]:443/tcp '],
    [{ host: 'a.example', port: 443, url: 'https://a.example/x' }, 'https://a.example/x '],
  ])('says where: %j', async (location, place) => {
    expect((await table(line('low', 't', location)))[2]).toContain(`low       ${place}`);
  });

  it('says so when there are none', async () => {
    expect(await table()).toEqual(['No findings.', '']);
  });

  it('shows the most severe 500 and says that there are more', async () => {
    const infos = Array.from({ length: 600 }, (_, i) => line('info', `info ${i}`));
    const lines = await table(...infos, line('high', 'last but worst'));
    expect(lines[2]).toContain('last but worst');
    expect(lines.slice(-3)).toEqual([
      '601 findings: 1 high, 600 info',
      'The 500 most severe are shown; -o FILE gets all.',
      '',
    ]);
    expect(lines.filter((text) => text.startsWith('info'))).toHaveLength(499);
  });

  it('refuses lines that are no findings', async () => {
    await expect(table('{"severity":"huge"}')).rejects.toMatchObject({ code: 'unexpected_answer' });
  });
});
