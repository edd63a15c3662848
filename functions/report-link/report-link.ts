/** A presigned download of the report: 200 when it is built, 202 while it is being built. */
import type { routes } from '#shared/contracts/routes.ts';
import { readEndedRecords } from '#shared/job/records.ts';
import type { JobStore } from '#shared/job/store.ts';
import { estimateBytes } from '#shared/report/document.ts';
import { type ReportLinkDeps as LinkDeps, linkReport } from '#shared/report/link.ts';
import type { HttpAnswer, HttpRequest } from '../middleware/http.ts';

export interface ReportLinkDeps extends LinkDeps {
  readonly jobs: Pick<JobStore, 'readJob' | 'readSpec' | 'readTasks'>;
}

/** ConflictError `job_not_finished` while the job is open. */
export async function reportLink(
  deps: ReportLinkDeps,
  { caller, path, body }: HttpRequest<typeof routes.reportLink>,
): Promise<HttpAnswer> {
  const { job, tasks } = await readEndedRecords(deps.jobs, caller, path.jobId);
  const request = { ...body, profile: body.profile ?? job.profile };
  const link = await linkReport(deps, job, request, estimateBytes(tasks, request));
  if (link.status === 'ready') return { status: 200, body: link };
  return { status: 202, body: link, headers: { 'Retry-After': String(link.retryAfterSeconds) } };
}
