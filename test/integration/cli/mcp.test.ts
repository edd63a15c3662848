/** An AI client's way through a scan: the official client over real stdio, the real local service, real nmap. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type McpClient, refusal, startMcpClient } from '#test/support/mcp-client.ts';
import { stillRunning } from '#test/support/processes.ts';
import { type RunningService, startService } from '#test/support/service.ts';

let service: RunningService;
let target: Server;
let port: number;
let client: McpClient;

const environmentOf = (identity: string): Record<string, string> => {
  const { accessKeyId, secretAccessKey } = service.as(identity);
  return {
    SCANFLEET_URL: service.endpoint,
    AWS_REGION: service.region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  };
};

beforeAll(async () => {
  target = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1');
  service = await startService();
  port = (target.address() as AddressInfo).port;
  client = await startMcpClient(environmentOf('acme'));
});
afterAll(async () => {
  await client?.close();
  await service?.stop();
  target.close();
});

const Scan = z.looseObject({ task_id: z.string(), status: z.string() });

async function start(by: McpClient, more: Record<string, unknown> = {}) {
  const given = { targets: ['127.0.0.1'], options: { ports: String(port) }, ...more };
  return Scan.parse((await by.call('run_untrusted_scan', given)).structuredContent);
}

async function ended(by: McpClient, taskId: string) {
  for (;;) {
    const scan = Scan.parse((await by.call('get_scan_status', { task_id: taskId })).structuredContent);
    if (!['queued', 'running', 'cancelling'].includes(scan.status)) return scan;
    await delay(200);
  }
}

describe('a scan', () => {
  let taskId: string;

  it('is started by one server process, which is then killed', async () => {
    const first = await startMcpClient(environmentOf('acme'));
    const scan = await start(first, { name: 'by an AI', schema_profile: 'full', idempotency_key: 'the-first' });
    expect(scan).toEqual({
      task_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      trace_id: expect.stringMatching(/^1-[0-9a-f]{8}-[0-9a-f]{24}$/),
      status: 'queued',
      scanner_type: 'nmap',
      scanner_instance: null,
      queue_position: 0,
      message: expect.stringMatching(/^Accepted: 1 task over 1 target[.] Call get_scan_status/),
    });
    taskId = scan.task_id;
    process.kill(first.pid, 'SIGKILL');
    await first.close();
    expect(await stillRunning([first.pid])).toEqual([]);
  });

  it('is followed to its end through another', async () => {
    expect(await ended(client, taskId)).toMatchObject({
      task_id: taskId,
      status: 'completed',
      progress: 100,
      verdict: 'clean',
      covered: 1,
      uncovered: 0,
      findings_by_severity: { critical: 0, high: 0, medium: 0, low: 0, info: 1 },
      errors: [],
    });
  });

  it('gives its findings, marked as data of strangers', async () => {
    const result = await client.call('get_scan_results', { task_id: taskId });
    expect(result.structuredContent).toMatchObject({
      task_id: taskId,
      verdict: 'clean',
      page: 1,
      next_page: null,
      total_findings: 1,
      notice: expect.stringMatching(/^UNTRUSTED DATA/),
      findings: [{ rule: 'open-port', severity: 'info', location: { host: '127.0.0.1', port, protocol: 'tcp' } }],
    });
    const [text] = result.content;
    expect(text?.type === 'text' && JSON.parse(text.text)).toEqual(result.structuredContent);
  });

  it('shows only what is asked for', async () => {
    const few = await client.call('get_scan_results', { task_id: taskId, severity: 'high' });
    expect(few.structuredContent).toMatchObject({ total_findings: 0, findings: [] });
    const bare = await client.call('get_scan_results', { task_id: taskId, profile: 'minimal' });
    const [finding] = z.looseObject({ findings: z.array(z.looseObject({})) }).parse(bare.structuredContent).findings;
    expect(Object.keys(finding ?? {}).sort()).toEqual(['id', 'location', 'rule', 'severity']);
  });

  it('is not made twice by the same key, and another request under it is refused', async () => {
    const again = { name: 'by an AI', schema_profile: 'full', idempotency_key: 'the-first' };
    expect(await start(client, again)).toMatchObject({ task_id: taskId });
    const other = await client.call('run_untrusted_scan', { targets: ['127.0.0.1'], idempotency_key: 'the-first' });
    expect(refusal(other)).toMatch(/\(idempotency_key_reused\)\nNext: .* choose a new key[.]$/);
  });

  it('has left the queue', async () => {
    const queue = await client.call('get_queue_status', {});
    expect(queue.structuredContent).toMatchObject({ queue_depth: 0, dlq_size: 0, next_tasks: [] });
  });

  it('stands in the list, newest first', async () => {
    const { task_id: second } = await start(client, { name: 'second' });
    await ended(client, second);
    const all = await client.call('list_tasks', { status_filter: 'completed' });
    expect(all.structuredContent).toMatchObject({
      tasks: [
        { task_id: second, name: 'second' },
        { task_id: taskId, name: 'by an AI', status: 'completed', verdict: 'clean' },
      ],
      next_cursor: null,
    });
    const List = z.looseObject({ tasks: z.array(Scan), next_cursor: z.string() });
    const first = List.parse((await client.call('list_tasks', { limit: 1 })).structuredContent);
    const next = await client.call('list_tasks', { limit: 1, cursor: first.next_cursor });
    expect([first.tasks[0]?.task_id, next.structuredContent]).toMatchObject([second, { tasks: [{ task_id: taskId }] }]);
  });

  it('can be cancelled, more than once, until it has ended', async () => {
    // A tarpit: it takes the connection and says nothing, and nmap waits for it to say what service it is.
    const tarpit = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(tarpit, 'listening');
    const ports = String((tarpit.address() as AddressInfo).port);
    const { task_id } = await start(client, { options: { ports, serviceDetection: true } });
    for (let i = 0; i < 2; i += 1) {
      const { structuredContent } = await client.call('cancel_scan', { task_id });
      expect(structuredContent).toMatchObject({ task_id, status: expect.stringMatching(/^cancel/) });
    }
    expect(await ended(client, task_id)).toMatchObject({ status: 'cancelled' });
    expect(refusal(await client.call('cancel_scan', { task_id: taskId }))).toContain('(job_state)');
    tarpit.closeAllConnections();
    tarpit.close();
  });

  it('does not exist for another tenant', async () => {
    const globex = await startMcpClient(environmentOf('globex'));
    expect(refusal(await globex.call('get_scan_results', { task_id: taskId }))).toContain('(job_not_found)');
    await globex.close();
  });
});

describe('a client', () => {
  it('is told what it can call', () => {
    expect(client.tools.map(({ name }) => name)).toEqual([
      'run_untrusted_scan',
      'get_scan_status',
      'get_scan_results',
      'list_scanners',
      'get_queue_status',
      'list_tasks',
      'cancel_scan',
    ]);
  });

  it('is told what there is to scan with', async () => {
    const { structuredContent } = await client.call('list_scanners');
    expect(structuredContent).toMatchObject({
      scanners: [
        {
          name: 'nmap',
          available: true,
          accepts: expect.arrayContaining(['cidr']),
          options: { properties: { ports: { type: 'string' } } },
        },
        { name: 'nuclei', available: false, reason: expect.stringContaining('nuclei'), health: 'unavailable' },
        { name: 'gobuster', imports: false },
        { name: 'nessus', imports: true },
        { name: 'axe' },
      ],
    });
  });

  it.each<[string, Record<string, unknown>, string[]]>([
    ['get_scan_status', {}, ['task_id: is required']],
    [
      'get_scan_status',
      { task_id: 'latest', wait: true },
      ['task_id: must be', 'wait: is not a known field; allowed: task_id'],
    ],
    ['get_scan_results', { task_id: 'x', page: 0, page_size: 51 }, ['task_id: must be', 'page: ', 'page_size: ']],
    ['list_tasks', { limit: 1_000, status_filter: 'done' }, ['limit: ', 'status_filter: ']],
    [
      'run_untrusted_scan',
      { target: '127.0.0.1' },
      ['targets: must be', 'target: is not a known field; allowed: targets,'],
    ],
    [
      'run_untrusted_scan',
      { targets: 'a.example', scanner: 'nmap', scanners: [{ name: 'nmap' }] },
      ['scanners: cannot be'],
    ],
    ['run_untrusted_scan', { targets: ['bad host'] }, ['targets[0]: is']],
    ['run_untrusted_scan', { targets: ['127.0.0.1'], options: { flags: '-A' } }, ['scanners[0].options']],
    ['run_a_shell', {}, ['name: is "run_a_shell"; allowed: run_untrusted_scan,']],
  ])('that calls %s with %j is told each mistake', async (name, given, mistakes) => {
    const lines = refusal(await client.call(name, given)).split('\n');
    for (const [i, mistake] of mistakes.entries()) expect(lines[i + 1]).toContain(`- ${mistake}`);
    expect(lines.slice(mistakes.length + 1)).toEqual(['Next: correct what is named here and call again.']);
  });

  it('that names a denied target is told which', async () => {
    const text = refusal(await client.call('run_untrusted_scan', { targets: ['127.0.0.1', '169.254.169.254'] }));
    expect(text).toContain('- targets[1]: 169.254.169.254 is denied');
    expect(text).toContain('(target_denied)');
  });

  it('that knows no such scan is pointed to the list', async () => {
    const task_id = '019aa0f3-5b1c-7c3e-9d2f-0a1b2c3d4e5f';
    for (const name of ['get_scan_status', 'get_scan_results', 'cancel_scan'])
      expect(refusal(await client.call(name, { task_id }))).toMatch(/\(job_not_found\)\nNext: .*list_tasks/);
  });

  it('has seen nothing on stdout but frames', () => {
    expect(client.problems).toEqual([]);
  });
});

describe('a service that goes away', () => {
  it('is an answer, and its scans are found when it is back at another place', async () => {
    const state = await mkdtemp(join(tmpdir(), 'scanfleet-mcp-'));
    const own = await startService({ state });
    const ai = await startMcpClient({ SCANFLEET_STATE: state, HOME: state });
    const { task_id } = await start(ai);
    await ended(ai, task_id);
    await own.stop();
    expect(refusal(await ai.call('get_scan_results', { task_id }))).toMatch(
      /\nNext: ask the user to start the service/,
    );
    const back = await startService({ state });
    expect((await ai.call('get_scan_results', { task_id })).structuredContent).toMatchObject({ total_findings: 1 });
    await ai.close();
    await back.stop();
    await rm(state, { recursive: true });
  });
});
