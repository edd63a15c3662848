/**
 * The signed manifest of a job, and what lies in the bucket in the places it vouches for: whoever holds the public key finds out by
 * himself whether that is what was signed.
 */
import type { EvidenceResponse, getEvidenceRoute } from '#shared/contracts/evidence.ts';
import { ConflictError, NotFoundError } from '#shared/errors.ts';

import {
  jobResultsPrefix,
  type ListedObject,
  manifestKey,
  type Results,
  type Signer,
  taskOfAttempt,
} from '#shared/finding/results.ts';
import type { Job } from '#shared/job/job.ts';
import { readVisibleJob } from '#shared/job/records.ts';
import type { JobStore } from '#shared/job/store.ts';
import { isTerminal } from '#shared/status.ts';
import type { Task } from '#shared/task/task.ts';
import { readCursor, writeCursor } from '../middleware/cursor.ts';
import type { HttpAnswer, HttpRequest } from '../middleware/http.ts';

export interface GetEvidenceDeps {
  readonly jobs: Pick<JobStore, 'readJob' | 'readTasks'>;
  readonly results: Pick<Results, 'head' | 'list'>;
  readonly signer: Pick<Signer, 'presignDownload'>;
  readonly presignedSeconds: number;
}

/** Signing takes a second or two, once the event of the job's end has arrived. */
const RETRY_AFTER_SECONDS = 2;

/**
 * ConflictError `job_not_finished` while the job is open; NotFoundError `no_evidence` for one that was over before evidence was signed.
 * A retry changes what counts: a cursor is good for the round it was given in.
 */
export async function getEvidence(
  { jobs, results, signer, presignedSeconds }: GetEvidenceDeps,
  { caller, path, query }: HttpRequest<typeof getEvidenceRoute>,
): Promise<HttpAnswer> {
  const job = await readVisibleJob(jobs, caller, path.jobId);
  const key = manifestKey(job);
  const manifest = isTerminal(job.status) ? await results.head(key) : undefined;
  if (manifest === undefined) return unsigned(job);

  const listed = { evidenceOf: job.jobId, round: job.round };
  const after = query.cursor === undefined ? undefined : readCursor(query.cursor, listed);
  const page = await filesOf(results, job, await jobs.readTasks(job.jobId), query.limit, after);
  const link = (object: string, fileName: string, contentType: string) =>
    signer.presignDownload(object, { fileName, contentType, expiresSeconds: presignedSeconds });
  const { url, expiresAt } = await link(key, `scanfleet-${job.jobId}-manifest.json`, 'application/json');
  const files = page.files.map(async (file) => ({
    path: file.path,
    bytes: file.bytes,
    url: (await link(file.key, file.path, 'application/octet-stream')).url,
  }));
  const body: EvidenceResponse = {
    status: 'signed',
    round: job.round,
    manifest: { url, bytes: manifest.bytes },
    files: await Promise.all(files),
    expiresAt,
    ...(page.last === undefined ? {} : { nextCursor: writeCursor(page.last, listed) }),
  };
  return { status: 200, body };
}

function unsigned({ jobId, status, signatureDue }: Job): HttpAnswer {
  if (!isTerminal(status))
    throw new ConflictError('job_not_finished', `the job is ${status}; its evidence is signed when it has ended`);
  if (!signatureDue) throw new NotFoundError('no_evidence', `job ${jobId} ended before this service signed evidence`);
  const body: EvidenceResponse = { status: 'unsigned', retryAfterSeconds: RETRY_AFTER_SECONDS };
  return { status: 202, body, headers: { 'Retry-After': String(RETRY_AFTER_SECONDS) } };
}

interface FilePage {
  readonly files: readonly (ListedObject & { readonly path: string })[];
  /** Where the next page begins, if there is one. */
  readonly last?: string;
}

/** What lies under the attempts that count. What attempts left that were replaced is nobody's. */
async function filesOf(
  results: Pick<Results, 'list'>,
  { tenant, jobId }: Job,
  tasks: readonly Task[],
  limit: number,
  after: string | undefined,
): Promise<FilePage> {
  const prefix = jobResultsPrefix(tenant, jobId);
  const counted = new Set(
    tasks.flatMap(({ taskId, attempt, result }) => (result ? [taskOfAttempt(taskId, attempt)] : [])),
  );
  const { objects, more } = await results.list(prefix, limit, after === undefined ? undefined : `${prefix}${after}`);
  const found = objects.map((object) => ({ ...object, path: object.key.slice(prefix.length) }));
  const last = found.at(-1)?.path;
  return {
    files: found.filter(({ path }) =>
      counted.has(
        path
          .split('/', 2)
          .map((part) => `${part}/`)
          .join(''),
      ),
    ),
    ...(more && last !== undefined ? { last } : {}),
  };
}
