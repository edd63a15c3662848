/** What happened to each target of a job, a page at a time; of a job that runs, to those of its ended tasks. */
import type { CoverageResponse, getCoverageRoute } from '#shared/contracts/coverage.ts';
import type { Results } from '#shared/finding/results.ts';
import { readRecords, readVisibleJob } from '#shared/job/records.ts';
import type { JobStore } from '#shared/job/store.ts';
import { coveragePage } from '#shared/report/coverage-page.ts';
import { readCursor, writeCursor } from '../middleware/cursor.ts';
import type { HttpAnswer, HttpRequest } from '../middleware/http.ts';

export interface GetCoverageDeps {
  readonly jobs: Pick<JobStore, 'readJob' | 'readSpec' | 'readTasks'>;
  readonly results: Results;
}

/** A retry changes what lies behind a page: a cursor is good for the round it was given in. */
export async function getCoverage(
  { jobs, results }: GetCoverageDeps,
  { caller, path, query }: HttpRequest<typeof getCoverageRoute>,
): Promise<HttpAnswer> {
  const job = await readVisibleJob(jobs, caller, path.jobId);
  const { limit, cursor, status } = query;
  const listed = { coverageOf: job.jobId, round: job.round, status };
  const after = cursor === undefined ? {} : { after: readCursor(cursor, listed) };
  const page = await coveragePage(results, await readRecords(jobs, job), status, { limit, ...after });
  const { coverage, total, complete } = page;
  const body: CoverageResponse = {
    coverage: [...coverage],
    total,
    complete,
    ...(page.after === undefined ? {} : { nextCursor: writeCursor(page.after, listed) }),
  };
  return { status: 200, body };
}
