/** Records of jobs and tasks as the job store gives them, with what a test does not care about filled in. */
import { NOTHING_USED } from '#shared/cost/usage.ts';
import type { CoverageEntry } from '#shared/finding/coverage.ts';
import { countCoverage } from '#shared/finding/coverage.ts';
import type { Finding } from '#shared/finding/finding.ts';
import { attemptPrefix, COVERAGE_FILE, FINDINGS_FILE, type Results } from '#shared/finding/results.ts';
import type { Job, StoredSpec } from '#shared/job/job.ts';
import type { JobStore } from '#shared/job/store.ts';
import { ndjsonGzipWriter } from '#shared/report/gzip-member.ts';
import type { Task, TaskResult } from '#shared/task/task.ts';

export const JOB_ID = '019a0000-0000-7000-8000-000000000001';
export const TENANT = '111111111111';

export const aJob = (fields: Partial<Job> = {}): Job => ({
  jobId: JOB_ID,
  tenant: TENANT,
  createdBy: '111111111111/acme',
  scanners: ['nmap'],
  profile: 'brief',
  priority: 'normal',
  traceId: '1-67891233-abcdef012345678912345678',
  createdAt: '2026-01-31T12:00:00.000Z',
  status: 'completed',
  round: 1,
  stopReason: 'none',
  deadlineSeconds: 86_400,
  deadlineAt: '2026-02-01T12:00:00.000Z',
  taskCount: 1,
  openCount: 0,
  ended: { completed: 1, failed: 0, timedOut: 0, cancelled: 0 },
  findings: 0,
  partialFindings: 0,
  ...NOTHING_USED,
  toldNanoUsd: 0,
  slots: 0,
  live: 0,
  next: 1,
  lastExpiryEpochSeconds: 1_800_000_000,
  ...fields,
});

export const aSpec = (fields: Partial<StoredSpec> = {}): StoredSpec => ({
  targets: ['203.0.113.7'],
  targetCount: 1,
  scanners: [{ name: 'nmap', options: { ports: '1-1024' } }],
  labels: {},
  ...fields,
});

export const aTask = (fields: Partial<Task> = {}): Task => ({
  jobId: JOB_ID,
  taskId: '0001',
  tenant: TENANT,
  scanner: 'nmap',
  workerSize: 'small',
  slice: { from: 0, count: 1 },
  status: 'completed',
  round: 1,
  attempt: 1,
  failures: 0,
  resends: 0,
  claims: [],
  ...fields,
});

export const aFinding = (fields: Partial<Finding> = {}): Finding => ({
  id: 'f'.repeat(64),
  scanner: 'nmap',
  rule: 'open-port',
  title: 'Open port',
  severity: 'info',
  location: { host: '203.0.113.7', port: 22, protocol: 'tcp' },
  detectedAt: '2026-01-31T12:00:01.000Z',
  ...fields,
});

/** Of a store in which nothing follows from any job. */
export const NO_TREES: Pick<JobStore, 'readTree' | 'readJobs' | 'closeTree'> = {
  readTree: async () => undefined,
  readJobs: async () => [],
  closeTree: async () => false,
};

/** Writes what a worker leaves of an attempt, and gives what the task's record then says of it. */
export async function leaveResult(
  results: Results,
  task: Pick<Task, 'taskId' | 'attempt'> & Partial<Pick<Task, 'tenant' | 'jobId'>>,
  findings: readonly Finding[],
  coverage: readonly CoverageEntry[] = [],
): Promise<TaskResult> {
  const prefix = attemptPrefix(task.tenant ?? TENANT, task.jobId ?? JOB_ID, task.taskId, task.attempt);
  const chunks: Uint8Array[] = [];
  const writer = ndjsonGzipWriter(async (chunk) => {
    chunks.push(chunk);
  });
  for (const finding of findings) writer.add(finding);
  const member = await writer.end();
  await results.write(`${prefix}${FINDINGS_FILE}`, Buffer.concat(chunks), 'application/gzip');
  await results.write(`${prefix}${COVERAGE_FILE}`, Buffer.from(JSON.stringify(coverage)), 'application/json');
  return { prefix, coverage: countCoverage(coverage), ...member };
}
