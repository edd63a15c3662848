/** One job with its tasks, progress and verdict. */
import type { getJobRoute } from '#shared/contracts/job.ts';
import type { Results } from '#shared/finding/results.ts';
import { readFollowed, readRecords, readVisibleJob, viewOf } from '#shared/job/records.ts';
import type { JobStore } from '#shared/job/store.ts';
import type { HttpAnswer, HttpRequest } from '../middleware/http.ts';

export interface GetJobDeps {
  readonly jobs: Pick<JobStore, 'readJob' | 'readSpec' | 'readTasks' | 'readTree' | 'readJobs'>;
  readonly results: Pick<Results, 'read'>;
}

export async function getJob(
  { jobs, results }: GetJobDeps,
  request: HttpRequest<typeof getJobRoute>,
): Promise<HttpAnswer> {
  const job = await readVisibleJob(jobs, request.caller, request.path.jobId);
  const [records, followed] = await Promise.all([readRecords(jobs, job), readFollowed(jobs, job)]);
  return { status: 200, body: await viewOf(results, { ...records, ...followed }) };
}
