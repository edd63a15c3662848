import { describe, expect, it } from 'vitest';
import { severities, shortTime, showJob } from '#cli/job-view.ts';
import { createOutput } from '#cli/output.ts';
import type { JobView, TaskView } from '#shared/contracts/job.ts';
import { capturedStream } from '#test/support/captured-stream.ts';
import { endedJobView, jobView } from '#test/support/job-views.ts';

function shown(job: JobView): string[] {
  const stdout = capturedStream();
  showJob(
    createOutput(stdout, capturedStream(), () => undefined),
    job,
  );
  return stdout.text().split('\n');
}

describe('showJob', () => {
  it('shows a running job with its progress and deadline', () => {
    expect(shown(jobView({ name: 'weekly', labels: { ticket: 'SEC-7', team: 'shop' } }))).toEqual([
      'Job       019aa0f3-5b1c-7c3e-9d2f-0a1b2c3d4e5f',
      'Name      weekly',
      'Labels    ticket=SEC-7, team=shop',
      'Scanners  nmap',
      'Targets   127.0.0.1',
      'Status    running, 50%',
      'Findings  0',
      'Tasks     0 of 1 ended',
      'Created   2026-01-31 12:00:00Z by 000000000001/developer',
      'Deadline  2026-02-01 12:00:00Z',
      '',
      'TASK  SCANNER  STATUS   DONE  FINDINGS  LAST WORD',
      '0001  nmap     running  50%   -         Connect Scan',
      '',
    ]);
  });

  it('shows an ended job with its verdict in words, its coverage and its findings', () => {
    expect(shown(endedJobView())).toEqual(
      expect.arrayContaining([
        'Status    completed',
        'Verdict   findings: every target was covered, something above info was found',
        'Coverage  1 of 1 covered',
        'Findings  3 (1 high, 2 info)',
        'Finished  2026-01-31 12:01:00Z',
        '0001  nmap     completed  100%  3',
      ]),
    );
  });

  it('shows why a task failed', () => {
    const [task] = jobView().taskList ?? [];
    const failed = { ...task, status: 'failed', error: { code: 'x', message: 'no route to host', retryable: false } };
    const lines = shown(endedJobView({ status: 'failed', verdict: 'no_verdict', taskList: [failed as TaskView] }));
    expect(lines).toContain('Verdict   no_verdict: nothing was covered');
    expect(lines).toContain('0001  nmap     failed  50%   -         no route to host');
  });

  it('counts what is too long to list', () => {
    const [task] = jobView().taskList ?? [];
    const many = { targets: ['a', 'b', 'c', 'd', 'e', 'f'], targetCount: 300, taskList: Array(53).fill(task) };
    const lines = shown(jobView(many));
    expect(lines).toContain('Targets   a, b, c, d, e, and 295 more');
    expect(lines.at(-2)).toBe('… and 3 more (--json shows all)');
  });
});

it('times are UTC to the second', () => expect(shortTime('2026-01-31T12:00:01.987Z')).toBe('2026-01-31 12:00:01Z'));

it('severities name what there is, most severe first', () => {
  expect(severities({ critical: 1, high: 0, medium: 2, low: 0, info: 30 })).toBe('1 critical, 2 medium, 30 info');
});
