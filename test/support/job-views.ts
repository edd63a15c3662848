/** A job as the API shows it, for tests of what reads it. */
import type { JobView } from '#shared/contracts/job.ts';

export const JOB_ID = '019aa0f3-5b1c-7c3e-9d2f-0a1b2c3d4e5f';

/** A running job with one task, half done; `changes` are laid over it. */
export const jobView = (changes: Partial<JobView> = {}): JobView => ({
  jobId: JOB_ID,
  status: 'running',
  verdict: null,
  scanners: ['nmap'],
  profile: 'brief',
  priority: 'normal',
  createdBy: '000000000001/developer',
  createdAt: '2026-01-31T12:00:00.000Z',
  startedAt: '2026-01-31T12:00:01.000Z',
  deadlineAt: '2026-02-01T12:00:00.000Z',
  stopReason: 'none',
  percent: 50,
  tasks: { total: 1, queued: 0, running: 1, completed: 0, failed: 0, timedOut: 0, cancelled: 0 },
  findings: 0,
  partialFindings: 0,
  usage: { workerSeconds: 0, storedBytes: 0, costUsd: 0 },
  traceId: '1-697df540-000000000000000000000001',
  targets: ['127.0.0.1'],
  targetCount: 1,
  labels: {},
  options: { nmap: { ports: '1-1024' } },
  taskList: [
    {
      taskId: '0001',
      scanner: 'nmap',
      workerSize: 'small',
      targetCount: 1,
      status: 'running',
      attempt: 1,
      failures: 0,
      progress: { current: 1, total: 2, percent: 50, message: 'Connect Scan' },
    },
  ],
  ...changes,
});

/** The same job, ended with everything covered and one high finding. */
export const endedJobView = (changes: Partial<JobView> = {}): JobView =>
  jobView({
    status: 'completed',
    verdict: 'findings',
    finishedAt: '2026-01-31T12:01:00.000Z',
    percent: 100,
    tasks: { total: 1, queued: 0, running: 0, completed: 1, failed: 0, timedOut: 0, cancelled: 0 },
    findings: 3,
    bySeverity: { critical: 0, high: 1, medium: 0, low: 0, info: 2 },
    covered: 1,
    uncovered: 0,
    taskList: [
      {
        taskId: '0001',
        scanner: 'nmap',
        workerSize: 'small',
        targetCount: 1,
        status: 'completed',
        attempt: 1,
        failures: 0,
        findings: 3,
      },
    ],
    ...changes,
  });
