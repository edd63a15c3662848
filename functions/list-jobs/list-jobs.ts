/** The caller's own jobs, newest first. */
import type { ListJobsResponse } from '#shared/contracts/list-jobs.ts';
import type { routes } from '#shared/contracts/routes.ts';
import type { Job } from '#shared/job/job.ts';
import type { JobFilter, JobStore, Page } from '#shared/job/store.ts';
import { jobSummaryView } from '#shared/job/view.ts';
import type { HttpAnswer, HttpRequest } from '../middleware/http.ts';
import { readCursor, writeCursor } from './cursor.ts';

export interface ListJobsDeps {
  readonly jobs: Pick<JobStore, 'listJobs'>;
}

/** Pages read for one answer at most: a severe filter over many harmless jobs then answers a short page, and a cursor to go on from. */
const MAX_PAGES = 10;

export async function listJobs(
  { jobs }: ListJobsDeps,
  { caller, query }: HttpRequest<typeof routes.listJobs>,
): Promise<HttpAnswer> {
  const { limit, cursor, ...asked } = query;
  const filter: JobFilter = { tenant: caller.tenant, ...asked };
  const after = cursor === undefined ? undefined : readCursor(cursor, filter);
  const page = await readPages(jobs, filter, limit, after);
  const body: ListJobsResponse = {
    jobs: page.items.map(jobSummaryView),
    ...(page.after === undefined ? {} : { nextCursor: writeCursor(page.after, filter) }),
  };
  return { status: 200, body };
}

/** Asks for no more than is still missing, so that the last page read ends where the answer does. */
async function readPages(
  jobs: ListJobsDeps['jobs'],
  filter: JobFilter,
  limit: number,
  from: string | undefined,
): Promise<Page<Job>> {
  const items: Job[] = [];
  let after = from;
  for (let pages = 0; pages < MAX_PAGES && items.length < limit; pages += 1) {
    const page = await jobs.listJobs(filter, limit - items.length, after);
    items.push(...page.items);
    after = page.after;
    if (after === undefined) return { items };
  }
  return after === undefined ? { items } : { items, after };
}
