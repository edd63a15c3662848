/** A presigned download of the report: 200 when it is built, 202 while it is being built. */
import type { reportLinkRoute } from '#shared/contracts/report.ts';
import { readReportRecords } from '#shared/job/records.ts';
import type { JobStore } from '#shared/job/store.ts';
import { estimateBytes } from '#shared/report/document.ts';
import { type ReportLinkDeps as LinkDeps, linkReport } from '#shared/report/link.ts';
import { editionOf } from '#shared/report/stored.ts';
import type { HttpAnswer, HttpRequest } from '../middleware/http.ts';

export interface ReportLinkDeps extends LinkDeps {
  readonly jobs: Pick<JobStore, 'readJob' | 'readSpec' | 'readTasks' | 'readTree' | 'readJobs'>;
}

/** ConflictError `job_not_finished` while the job is open. */
export async function reportLink(
  deps: ReportLinkDeps,
  { caller, path, body }: HttpRequest<typeof reportLinkRoute>,
): Promise<HttpAnswer> {
  const { tree, profile, ...rest } = body;
  const records = await readReportRecords(deps.jobs, caller, path.jobId, tree);
  const request = { ...rest, profile: profile ?? records.job.profile };
  const link = await linkReport(deps, editionOf(records), request, estimateBytes(records, request));
  if (link.status === 'ready') return { status: 200, body: link };
  return { status: 202, body: link, headers: { 'Retry-After': String(link.retryAfterSeconds) } };
}
