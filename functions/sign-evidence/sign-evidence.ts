/**
 * Signs what a job left, once it has ended: one manifest a round, which names every file of every attempt that counts. Woken twice, it
 * makes the same manifest again and leaves the first one where it is; never woken, the sweeper announces the job's end again.
 */
import { createHash } from 'node:crypto';
import { concurrently } from '#shared/concurrently.ts';
import type { JobFinishedDetail } from '#shared/contracts/events.ts';
import { CorruptError } from '#shared/errors.ts';
import { AttemptEvidence, type ManifestTask, manifestText } from '#shared/evidence/manifest.ts';
import { keepManifest, type ManifestSigner } from '#shared/evidence/signature.ts';
import { attemptPrefix, EVIDENCE_FILE, type Results } from '#shared/finding/results.ts';
import type { Job } from '#shared/job/job.ts';
import type { JobStore } from '#shared/job/store.ts';
import { record } from '#shared/observability/metrics.ts';
import { isTerminal, type TerminalStatus } from '#shared/status.ts';
import type { Task } from '#shared/task/task.ts';

export interface SignEvidenceDeps {
  readonly jobs: Pick<JobStore, 'readJob' | 'readTasks' | 'markSigned'>;
  readonly results: Pick<Results, 'read' | 'create'>;
  readonly signer: ManifestSigner;
}

interface Signed {
  readonly jobId: string;
  readonly outcome: 'signed' | 'signed_before' | 'job_moved_on';
}

/** CorruptError for evidence that is not that of its attempt: such a job is never signed, and the alarm tells. */
export async function signEvidence(
  { jobs, results, signer }: SignEvidenceDeps,
  { jobId, tenant, round }: Pick<JobFinishedDetail, 'jobId' | 'tenant' | 'round'>,
): Promise<Signed> {
  const readEnded = async () => {
    const job = await jobs.readJob(jobId);
    return job?.tenant === tenant && job.round === round && isTerminal(job.status) ? job : undefined;
  };
  const before = await readEnded();
  if (before === undefined) return { jobId, outcome: 'job_moved_on' };
  if (!before.signatureDue) return { jobId, outcome: 'signed_before' };
  const tasks = await jobs.readTasks(jobId);
  // A retry raises the round before it touches a task: of the same round still, the tasks are as they ended.
  const job = await readEnded();
  if (job === undefined) return { jobId, outcome: 'job_moved_on' };
  const manifest = manifestText({ ...headOf(job), tasks: await manifestTasks(results, tasks) });
  const isFirst = await keepManifest(results, job, { manifest, signature: await signer.sign(manifest) });
  await jobs.markSigned(job);
  if (isFirst) record({ manifestsSigned: 1 });
  return { jobId, outcome: isFirst ? 'signed' : 'signed_before' };
}

const headOf = ({ jobId, tenant, round, status, summary, createdAt, finishedAt }: Job) => ({
  ...{ jobId, tenant, round, createdAt, finishedAt },
  status: status as TerminalStatus,
  verdict: summary?.verdict ?? null,
});

/** Evidence that is read side by side. */
const AT_ONCE = 16;

async function manifestTasks(results: SignEvidenceDeps['results'], tasks: readonly Task[]): Promise<ManifestTask[]> {
  const listed: ManifestTask[] = [];
  for await (const task of concurrently(tasks, AT_ONCE, (one) => manifestTask(results, one))) listed.push(task);
  return listed;
}

async function manifestTask(results: SignEvidenceDeps['results'], task: Task): Promise<ManifestTask> {
  const { taskId, scanner, status, attempt } = task;
  const files = task.result === undefined ? [] : await filesOf(results, task, task.result.prefix);
  return { taskId, scanner, status: status as TerminalStatus, attempt, files };
}

/** The evidence itself, and what it says was stored beside it. */
async function filesOf(
  results: SignEvidenceDeps['results'],
  { tenant, jobId, taskId, attempt }: Task,
  prefix: string,
): Promise<ManifestTask['files']> {
  const key = `${attemptPrefix(tenant, jobId, taskId, attempt)}${EVIDENCE_FILE}`;
  const bytes = await readSmall(results, key);
  const evidence = AttemptEvidence.safeParse(parseJson(bytes)).data;
  const isOfAttempt =
    `${prefix}${EVIDENCE_FILE}` === key &&
    evidence?.jobId === jobId &&
    evidence.taskId === taskId &&
    evidence.attempt === attempt;
  if (!isOfAttempt) throw new CorruptError('evidence_mismatch', `${key} is not the evidence of its attempt`);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const stored = { ...evidence.files, [EVIDENCE_FILE]: { bytes: bytes.length, sha256 } };
  return Object.entries(stored)
    .map(([name, file]) => ({ name, ...file }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Of a task with 66 addresses it is some 100 KB. */
const MAX_EVIDENCE_BYTES = 8 * 1024 * 1024;

async function readSmall(results: Pick<Results, 'read'>, key: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of results.read(key)) {
    bytes += chunk.length;
    if (bytes > MAX_EVIDENCE_BYTES)
      throw new CorruptError('evidence_size', `${key} is larger than ${MAX_EVIDENCE_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}
