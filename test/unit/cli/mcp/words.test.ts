import { describe, expect, it } from 'vitest';
import { fieldName, outcomeOutput, scannerInstance, scanOutput, TaskIdInput } from '#cli/mcp/words.ts';
import { endedJobView, JOB_ID, jobView } from '#test/support/job-views.ts';

describe('a job in the words of MCP', () => {
  it('is a task while it runs', () => {
    expect(scanOutput(jobView())).toEqual({
      task_id: JOB_ID,
      status: 'running',
      progress: 50,
      scanner_type: 'nmap',
      verdict: null,
      created_at: '2026-01-31T12:00:00.000Z',
      started_at: '2026-01-31T12:00:01.000Z',
      completed_at: null,
    });
  });

  it('has null for what is not known yet, never a missing field', () => {
    expect(scanOutput(jobView({ startedAt: undefined }))).toMatchObject({ started_at: null, completed_at: null });
    expect(outcomeOutput(jobView())).toEqual({ covered: null, uncovered: null, findings_by_severity: null });
  });

  it('says how far its result can be believed once it has ended', () => {
    expect(scanOutput(endedJobView())).toMatchObject({ verdict: 'findings', completed_at: '2026-01-31T12:01:00.000Z' });
    expect(outcomeOutput(endedJobView())).toEqual({
      covered: 1,
      uncovered: 0,
      findings_by_severity: { critical: 0, high: 1, medium: 0, low: 0, info: 2 },
    });
  });

  it('names several scanners in one text', () => {
    expect(scanOutput(jobView({ scanners: ['nmap', 'nuclei'] })).scanner_type).toBe('nmap,nuclei');
  });

  it('names the first instance that runs it, or none', () => {
    const [task] = jobView().taskList ?? [];
    if (task === undefined) throw new Error('the view has no task');
    expect(scannerInstance({ taskList: [task, { ...task, instance: 'paris' }] })).toBe('paris');
    expect(scannerInstance({ taskList: [task] })).toBeNull();
    expect(scannerInstance({})).toBeNull();
  });
});

describe('a field that the service refused', () => {
  it.each([
    ['jobId', 'task_id'],
    ['profile', 'schema_profile'],
    ['idempotencyKey', 'idempotency_key'],
    ['Idempotency-Key', 'idempotency_key'],
    ['targets[0]', 'targets[0]'],
    ['constructor', 'constructor'],
  ])('%s is called %s', (api, mcp) => {
    expect(fieldName(api)).toBe(mcp);
  });
});

describe('a task_id', () => {
  it('is a job id', () => {
    expect(TaskIdInput.safeParse(JOB_ID).success).toBe(true);
  });

  it.each(['', 'latest', JOB_ID.toUpperCase(), `${JOB_ID} `, '../jobs'])('is not %j', (text) => {
    expect(TaskIdInput.safeParse(text).error?.issues[0]?.message).toContain('list_tasks');
  });
});
