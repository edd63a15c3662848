/** The caller's own jobs, newest first. */
import type { ListJobsResponse, listJobsRoute } from '#shared/contracts/list-jobs.ts';
import type { JobFilter, JobStore } from '#shared/job/store.ts';
import { jobSummaryView } from '#shared/job/view.ts';
import { readCursor, writeCursor } from '../middleware/cursor.ts';
import type { HttpAnswer, HttpRequest } from '../middleware/http.ts';

export interface ListJobsDeps {
  readonly jobs: Pick<JobStore, 'listJobs'>;
}

/** A page may hold fewer than `limit`, even none, and still have a `nextCursor`: the store looks at a bounded number of jobs for each. */
export async function listJobs(
  { jobs }: ListJobsDeps,
  { caller, query }: HttpRequest<typeof listJobsRoute>,
): Promise<HttpAnswer> {
  const { limit, cursor, ...asked } = query;
  const filter: JobFilter = { tenant: caller.tenant, ...asked };
  const after = cursor === undefined ? undefined : readCursor(cursor, filter);
  const page = await jobs.listJobs(filter, limit, after);
  const body: ListJobsResponse = {
    jobs: page.items.map(jobSummaryView),
    ...(page.after === undefined ? {} : { nextCursor: writeCursor(page.after, filter) }),
  };
  return { status: 200, body };
}
