/**
 * Builds one report into the object store, the same document that export-report streams. Asked twice, it builds once: a report that is
 * ready, or that somebody else is at, is left alone; the same event delivered again takes up what its first run left behind.
 */
import type { ReportRequestedDetail } from '#shared/contracts/events.ts';
import type { Results } from '#shared/finding/results.ts';
import { isSettled, type WholeTree } from '#shared/follow-up/tree.ts';
import { readFollowed, readFollowedRecords, readRecords } from '#shared/job/records.ts';
import type { JobStore } from '#shared/job/store.ts';
import { reportDocument } from '#shared/report/document.ts';
import { CONTENT_TYPES } from '#shared/report/format.ts';
import { isBeingBuilt, readReportState, storedReport, writeReportState } from '#shared/report/stored.ts';
import { isTerminal } from '#shared/status.ts';
import type { EventInput } from '../middleware/event.ts';

export interface BuildReportDeps {
  readonly jobs: Pick<JobStore, 'readJob' | 'readSpec' | 'readTasks' | 'readTree' | 'readJobs'>;
  readonly results: Results;
  readonly now: () => Date;
}

interface Built {
  readonly jobId: string;
  readonly outcome: 'built' | 'ready_before' | 'being_built' | 'job_moved_on';
  readonly bytes?: number;
}

/** A failure is marked, so that who waits for the report hears of it, and thrown. */
export async function buildReport(
  { jobs, results, now }: BuildReportDeps,
  { detail, eventId }: Pick<EventInput<ReportRequestedDetail>, 'detail' | 'eventId'>,
): Promise<Built> {
  const { jobId, tenant, round, treeVersion, ...request } = detail;
  const job = await jobs.readJob(jobId);
  if (job === undefined || job.tenant !== tenant || job.round !== round || !isTerminal(job.status))
    return { jobId, outcome: 'job_moved_on' };
  const { whole } = treeVersion === undefined ? {} : await readFollowed(jobs, job);
  if (!isEdition(whole, treeVersion)) return { jobId, outcome: 'job_moved_on' };
  const report = storedReport({ tenant, jobId, round, treeVersion }, request);
  const state = await readReportState(results, report);
  if (state?.status === 'ready') return { jobId, outcome: 'ready_before' };
  if (isBeingBuilt(state, now()) && state.by !== eventId) return { jobId, outcome: 'being_built' };
  const mark = (next: Parameters<typeof writeReportState>[2]) => writeReportState(results, report, next);
  const at = () => now().toISOString();
  await mark({ status: 'building', at: at(), by: eventId });
  try {
    const records = await readRecords(jobs, job);
    const followed = whole && { whole, followed: await readFollowedRecords(jobs, whole) };
    const { body } = reportDocument(results, { ...records, ...followed }, request);
    const { bytes, sha256 } = await results.write(report.key, body, CONTENT_TYPES[request.format]);
    await mark({ status: 'ready', at: at(), bytes, sha256 });
    return { jobId, outcome: 'built', bytes };
  } catch (error) {
    await mark({ status: 'failed', at: at(), message: error instanceof Error ? error.message : String(error) });
    throw error;
  }
}

/** Whether the tree is settled, in that version. */
const isEdition = (whole: WholeTree | undefined, treeVersion: number | undefined): boolean =>
  whole?.tree.version === treeVersion && (whole === undefined || isSettled(whole));
