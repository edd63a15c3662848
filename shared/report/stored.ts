/**
 * Reports that were built into the object store, to be downloaded by a link. Beside each document lies its state: it is written last, so
 * that a document without the state `ready` is not one.
 */
import * as z from 'zod';
import { Instant } from '../contracts/ids.ts';
import { NotFoundError } from '../errors.ts';
import { type Results, reportsPrefix } from '../finding/results.ts';
import type { Job } from '../job/job.ts';
import type { ReportRecords } from '../job/records.ts';
import { collect } from './bytes.ts';
import type { ReportRequest } from './document.ts';

const ReportState = z.discriminatedUnion('status', [
  z.object({ status: z.literal('building'), at: Instant, by: z.string() }),
  z.object({ status: z.literal('ready'), at: Instant, bytes: z.int(), sha256: z.string().length(64) }),
  z.object({ status: z.literal('failed'), at: Instant, message: z.string() }),
]);
export type ReportState = z.output<typeof ReportState>;

/** What a report is of: a job as it ended in one round, or its tree in one version. A retried job gets new reports. */
export interface Edition extends Pick<Job, 'tenant' | 'jobId' | 'round'> {
  readonly treeVersion?: number | undefined;
}

export const editionOf = ({ job: { tenant, jobId, round }, whole }: ReportRecords): Edition => ({
  ...{ tenant, jobId, round },
  ...(whole === undefined ? {} : { treeVersion: whole.tree.version }),
});

export interface StoredReport {
  readonly key: string;
  readonly stateKey: string;
  readonly fileName: string;
}

export function storedReport(edition: Edition, request: ReportRequest): StoredReport {
  const { tenant, jobId, round, treeVersion } = edition;
  const { format, profile, severity } = request;
  const tree = treeVersion === undefined ? '' : `-tree${treeVersion}`;
  const key = `${reportsPrefix(tenant, jobId)}${round}${tree}-${profile}-${severity}.${format}`;
  return { key, stateKey: `${key}.state.json`, fileName: reportFileName(edition, request) };
}

/** What a saved report is called. */
export const reportFileName = ({ jobId }: Pick<Job, 'jobId'>, { format }: Pick<ReportRequest, 'format'>): string =>
  `scanfleet-${jobId}.${format}`;

/** Undefined when nobody asked for this report yet. */
export async function readReportState(
  results: Pick<Results, 'read'>,
  { stateKey }: StoredReport,
): Promise<ReportState | undefined> {
  try {
    return ReportState.parse(JSON.parse((await collect(results.read(stateKey))).toString()));
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

export async function writeReportState(
  results: Pick<Results, 'write'>,
  { stateKey }: StoredReport,
  state: ReportState,
): Promise<void> {
  await results.write(stateKey, Buffer.from(JSON.stringify(state)), 'application/json');
}

/** Nobody builds longer: Lambda ends a function after 15 minutes at the latest ("Lambda quotas", function timeout). */
const MAX_BUILD_MS = 900_000;

/** Whether somebody is at it. A builder that died leaves its mark until then. */
export const isBeingBuilt = (
  state: ReportState | undefined,
  now: Date,
): state is Extract<ReportState, { status: 'building' }> =>
  state?.status === 'building' && now.getTime() - Date.parse(state.at) < MAX_BUILD_MS;
