/** A link to a built report; asks for the building where that is still to be done. */
import type { ReportLinkResponse } from '../contracts/report.ts';
import { UnavailableError } from '../errors.ts';
import type { Events } from '../events.ts';
import type { Results, Signer } from '../finding/results.ts';
import type { ReportRequest } from './document.ts';
import { CONTENT_TYPES } from './format.ts';
import { type Edition, isBeingBuilt, readReportState, storedReport } from './stored.ts';

export interface ReportLinkDeps {
  readonly results: Pick<Results, 'read'>;
  readonly signer: Pick<Signer, 'presignDownload'>;
  readonly events: Pick<Events, 'reportRequested'>;
  readonly presignedSeconds: number;
  readonly now: () => Date;
}

/** A failed build is told of for so long; whoever asks later starts a new one. */
const FAILURE_SHOWN_MS = 60_000;

/** Of what has ended. UnavailableError `report_failed` when building it just failed. */
export async function linkReport(
  { results, signer, events, presignedSeconds, now }: ReportLinkDeps,
  edition: Edition,
  request: ReportRequest,
  estimatedBytes: number,
): Promise<ReportLinkResponse> {
  const report = storedReport(edition, request);
  const state = await readReportState(results, report);
  if (state?.status === 'ready') {
    const link = await signer.presignDownload(report.key, {
      fileName: report.fileName,
      contentType: CONTENT_TYPES[request.format],
      expiresSeconds: presignedSeconds,
    });
    return { status: 'ready', ...link, bytes: state.bytes, sha256: state.sha256 };
  }
  if (state?.status === 'failed' && now().getTime() - Date.parse(state.at) < FAILURE_SHOWN_MS)
    throw new UnavailableError('report_failed', 'the report could not be built; ask again in a minute');
  if (!isBeingBuilt(state, now())) {
    await events.reportRequested({ ...edition, ...request });
  }
  return { status: 'building', retryAfterSeconds: buildSeconds(estimatedBytes) };
}

/** A guess by a builder's usual pace, between a start of its function and a polite longest wait. */
const buildSeconds = (bytes: number): number => Math.min(30, 2 + Math.round(bytes / 20_000_000));
