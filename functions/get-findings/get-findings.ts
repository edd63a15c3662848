/** What a job found, a page at a time; of a job that runs, what its ended tasks found. */
import type { getFindingsRoute } from '#shared/contracts/findings.ts';
import type { Results } from '#shared/finding/results.ts';
import { readVisibleJob } from '#shared/job/records.ts';
import type { JobStore } from '#shared/job/store.ts';
import { findingsPage } from '#shared/report/findings-page.ts';
import { readCursor, writeCursor } from '../middleware/cursor.ts';
import type { HttpAnswer, HttpRequest } from '../middleware/http.ts';

export interface GetFindingsDeps {
  readonly jobs: Pick<JobStore, 'readJob' | 'readTasks'>;
  readonly results: Results;
}

/** A retry changes what lies behind a page: a cursor is good for the round it was given in. */
export async function getFindings(
  { jobs, results }: GetFindingsDeps,
  { caller, path, query }: HttpRequest<typeof getFindingsRoute>,
): Promise<HttpAnswer> {
  const job = await readVisibleJob(jobs, caller, path.jobId);
  const { limit, cursor, severity, profile = job.profile } = query;
  const listed = { findingsOf: job.jobId, round: job.round, severity, profile };
  const after = cursor === undefined ? {} : { after: readCursor(cursor, listed) };
  const tasks = await jobs.readTasks(job.jobId);
  const page = await findingsPage(results, job, tasks, { severity, profile }, { limit, ...after });
  const { findings, total, complete } = page;
  const nextCursor = page.after === undefined ? undefined : writeCursor(page.after, listed);
  return {
    status: 200,
    body: `{"findings":[${findings.join(',')}],${JSON.stringify({ total, complete, nextCursor }).slice(1)}`,
  };
}
