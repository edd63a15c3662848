/** Streams the report of a job that has ended. One too large for a Lambda's stream is answered with the way to its download instead. */
import type { exportReportRoute } from '#shared/contracts/report.ts';
import type { Results } from '#shared/finding/results.ts';
import { type ReportRecords, readReportRecords } from '#shared/job/records.ts';
import type { JobStore } from '#shared/job/store.ts';
import { HEADERS } from '#shared/names.ts';
import {
  canStitch,
  type ReportDocument,
  type ReportRequest,
  reportDocument,
  stitchedDocument,
} from '#shared/report/document.ts';
import { CONTENT_TYPES } from '#shared/report/format.ts';
import { linkReport, type ReportLinkDeps } from '#shared/report/link.ts';
import { editionOf, reportFileName } from '#shared/report/stored.ts';
import type { HttpRequest } from '../middleware/http.ts';
import type { StreamAnswer } from '../middleware/stream.ts';
import { acceptsGzip } from './accepts-gzip.ts';

export interface ExportReportDeps extends ReportLinkDeps {
  readonly jobs: Pick<JobStore, 'readJob' | 'readSpec' | 'readTasks' | 'readTree' | 'readJobs'>;
  readonly results: Results;
}

/** Lambda streams 200 MB at most and slows down after the first few ("Response streaming for Lambda functions"). */
const MAX_STREAMED_BYTES = 100_000_000;

/** ConflictError `job_not_finished` while the job is open. */
export async function exportReport(
  deps: ExportReportDeps,
  { caller, path, query, headers }: HttpRequest<typeof exportReportRoute>,
): Promise<StreamAnswer> {
  const { tree, profile, ...rest } = query;
  const records = await readReportRecords(deps.jobs, caller, path.jobId, tree);
  const request = { ...rest, profile: profile ?? records.job.profile };
  const stitch = canStitch(request) && acceptsGzip(headers.get('accept-encoding'));
  const document = stitch ? stitchedDocument(deps.results, records) : reportDocument(deps.results, records, request);
  if (document.estimatedBytes > MAX_STREAMED_BYTES) return await elsewhere(deps, records, request, document);
  return { status: 200, headers: headersOf(records, request, document), body: document.body };
}

const headersOf = ({ job }: ReportRecords, request: ReportRequest, { findings, encoding }: ReportDocument) => ({
  'Content-Type': CONTENT_TYPES[request.format],
  'Content-Disposition': `attachment; filename="${reportFileName(job, request)}"`,
  [HEADERS.findings]: String(findings),
  Vary: 'Accept-Encoding',
  ...(encoding === undefined ? {} : { 'Content-Encoding': encoding }),
});

/** 303 to the download when it is built, 202 while it is being built. */
async function elsewhere(
  deps: ExportReportDeps,
  records: ReportRecords,
  request: ReportRequest,
  { estimatedBytes, findings }: ReportDocument,
): Promise<StreamAnswer> {
  const link = await linkReport(deps, editionOf(records), request, estimatedBytes);
  const body = textOnce(JSON.stringify(link));
  const json = { 'Content-Type': 'application/json', [HEADERS.findings]: String(findings) };
  if (link.status === 'ready') return { status: 303, headers: { ...json, Location: link.url }, body };
  return { status: 202, headers: { ...json, 'Retry-After': String(link.retryAfterSeconds) }, body };
}

async function* textOnce(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
