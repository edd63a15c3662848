/** What the tools say of themselves, and how their words become the API's. */
import { describe, expect, it } from 'vitest';
import { listed } from '#cli/mcp/call-tool.ts';
import { queueOutput } from '#cli/mcp/tools/get-queue-status.ts';
import { statusOutput } from '#cli/mcp/tools/get-scan-status.ts';
import { TOOLS } from '#cli/mcp/tools/index.ts';
import { submitBody } from '#cli/mcp/tools/run-untrusted-scan.ts';
import { endedJobView, JOB_ID, jobView } from '#test/support/job-views.ts';

describe('the table of tools', () => {
  // biome-ignore format: a table reads by column
  const HINTS: Record<string, [readOnly: boolean, destructive: boolean, idempotent: boolean, openWorld: boolean]> = {
    run_untrusted_scan: [false, false, false, true],
    get_scan_status:    [true,  false, true,  false],
    get_scan_results:   [true,  false, true,  true],
    list_scanners:      [true,  false, true,  false],
    get_queue_status:   [true,  false, true,  false],
    list_tasks:         [true,  false, true,  false],
    cancel_scan:        [false, true,  true,  false],
  };

  it('says of each what a client may assume', () => {
    const hints = TOOLS.map(({ name, hints }) => [
      name,
      [hints.readOnlyHint, hints.destructiveHint, hints.idempotentHint, hints.openWorldHint],
    ]);
    expect(Object.fromEntries(hints)).toEqual(HINTS);
  });

  it.each(TOOLS)('lists $name with closed schemas of its input and its answer', (tool) => {
    const { inputSchema, outputSchema } = listed(tool);
    expect(inputSchema).toMatchObject({ type: 'object', additionalProperties: false });
    expect(outputSchema).toMatchObject({ type: 'object', required: expect.arrayContaining([expect.any(String)]) });
    expect(JSON.stringify([inputSchema, outputSchema])).not.toContain('$ref');
  });

  it('asks for little when nothing is said', () => {
    const read = (name: string, given: object) => TOOLS.find((tool) => tool.name === name)?.input.parse(given);
    expect(read('list_tasks', {})).toEqual({ limit: 10 });
    expect(read('get_scan_results', { task_id: JOB_ID })).toEqual({
      task_id: JOB_ID,
      severity: 'info',
      follow_ups: false,
      page: 1,
      page_size: 20,
    });
  });
});

describe('get_queue_status', () => {
  it('counts what waits and what runs together, and names scans by their task_id', () => {
    const nextTask = { jobId: JOB_ID, taskId: '0002', scanner: 'nmap', status: 'queued' } as const;
    const queue = {
      openJobs: 1,
      released: 2,
      waiting: 3,
      nextTasks: [{ ...nextTask, notBefore: '2026-01-31T12:00:05.000Z' }, nextTask],
      deadLetters: 4,
      workers: { small: { running: 1, starting: 0 }, large: { running: 0, starting: 0 } },
    };
    expect(queueOutput(queue, new Date('2026-01-31T12:00:00.000Z'))).toEqual({
      queue_depth: 5,
      dlq_size: 4,
      next_tasks: [
        { task_id: JOB_ID, scanner_type: 'nmap', status: 'queued', not_before: '2026-01-31T12:00:05.000Z' },
        { task_id: JOB_ID, scanner_type: 'nmap', status: 'queued', not_before: null },
      ],
      timestamp: '2026-01-31T12:00:00.000Z',
    });
  });
});

describe('run_untrusted_scan', () => {
  it('runs nmap where no scanner is named', () => {
    expect(submitBody({ targets: ['a.example'] })).toMatchObject({
      targets: ['a.example'],
      scanners: [{ name: 'nmap' }],
    });
  });

  it('takes targets as one text too', () => {
    expect(submitBody({ targets: ' a.example, 192.0.2.0/28\nhttps://b.example ,' }).targets).toEqual([
      'a.example',
      '192.0.2.0/28',
      'https://b.example',
    ]);
  });

  it('calls schema_profile profile', () => {
    expect(
      submitBody({
        targets: ['a.example'],
        name: 'weekly',
        description: 'of the shop',
        schema_profile: 'full',
        scanner: 'nmap',
        options: { ports: '80' },
      }),
    ).toEqual({
      targets: ['a.example'],
      name: 'weekly',
      description: 'of the shop',
      profile: 'full',
      scanners: [{ name: 'nmap', options: { ports: '80' } }],
    });
  });

  it('passes several scanners on as they are', () => {
    const scanners = [{ name: 'nmap' as const, options: { topPorts: 10 } }];
    expect(submitBody({ targets: ['a.example'], scanners }).scanners).toEqual(scanners);
  });
});

describe('get_scan_status', () => {
  it('says what the scanner does now', () => {
    expect(statusOutput(jobView())).toMatchObject({ scanner_status: 'Connect Scan', errors: [] });
  });

  it('says why parts of the scan failed, the first five', () => {
    const [task] = endedJobView().taskList ?? [];
    if (task === undefined) throw new Error('the view has no task');
    const error = { code: 'oom', message: 'short of memory', retryable: true, stderrTail: 'private' };
    const taskList = Array.from({ length: 7 }, () => ({ ...task, status: 'failed' as const, error }));
    const shown = statusOutput(endedJobView({ status: 'failed', taskList }));
    expect(shown.errors).toEqual(Array.from({ length: 5 }, () => ({ code: 'oom', message: 'short of memory' })));
    expect(shown.scanner_status).toBeNull();
  });
});
