/** MCP's words for a job: its callers say task_id where the API says jobId, schema_profile where it says profile. Pure. */
import * as z from 'zod';
import { JobId } from '#shared/contracts/ids.ts';
import type { JobSummaryView, JobView } from '#shared/contracts/job.ts';
import { VERDICTS } from '#shared/finding/coverage.ts';
import { SEVERITIES } from '#shared/finding/severity.ts';
import { SCANNERS } from '#shared/scanner/index.ts';
import { STATUSES } from '#shared/status.ts';

/** The durable job's id: any process of any client can go on with it. */
export const TaskIdInput = z
  .string()
  .refine(
    (text) => JobId.safeParse(text).success,
    'must be a task_id as run_untrusted_scan returned it; list_tasks lists those there are',
  )
  .describe('The task_id that run_untrusted_scan returned');

export const ScannerInput = z.enum([...SCANNERS.keys()]);

const At = z.string().describe('ISO 8601, UTC');
const Count = z.int().min(0);

/** What every tool that shows a scan says of it. */
export const ScanOutput = z.object({
  task_id: z.string(),
  status: z.enum(STATUSES),
  progress: z.number().min(0).max(100).describe('Percent; 100 only when it has ended'),
  scanner_type: z.string().describe('The scanner; several are joined by commas'),
  verdict: z
    .enum(VERDICTS)
    .nullable()
    .describe(
      'null until it has ended. clean: every target covered, nothing above info. findings: every target covered, something above ' +
        'info. incomplete: some targets not covered. no_verdict: nothing covered',
    ),
  created_at: At,
  started_at: At.nullable(),
  completed_at: At.nullable(),
});

export const scanOutput = (job: JobSummaryView): z.input<typeof ScanOutput> => ({
  task_id: job.jobId,
  status: job.status,
  progress: job.percent,
  scanner_type: scannerType(job),
  verdict: job.verdict,
  created_at: job.createdAt,
  started_at: job.startedAt ?? null,
  completed_at: job.finishedAt ?? null,
});

/** How far a scan's result can be believed: without it, no findings says nothing. */
export const OutcomeOutput = z.object({
  covered: Count.nullable().describe(
    'Targets that were scanned, counted once for each scanner; null until it has ended',
  ),
  uncovered: Count.nullable().describe('Targets that were not'),
  findings_by_severity: z.record(z.enum(SEVERITIES), Count).nullable().describe('null until it has ended'),
});

export const outcomeOutput = (job: JobSummaryView): z.input<typeof OutcomeOutput> => ({
  covered: job.covered ?? null,
  uncovered: job.uncovered ?? null,
  findings_by_severity: job.bySeverity ?? null,
});

export const scannerType = ({ scanners }: Pick<JobSummaryView, 'scanners'>): string => scanners.join(',');

export const ScannerInstance = z
  .string()
  .nullable()
  .describe('Which configured instance of the scanner runs it; null for one that has none, and while none is chosen');

export const scannerInstance = ({ taskList = [] }: Pick<JobView, 'taskList'>): string | null =>
  taskList.find(({ instance }) => instance !== undefined)?.instance ?? null;

/** Where the API's word for a field is not MCP's. */
const FIELDS: Readonly<Record<string, string>> = {
  jobId: 'task_id',
  profile: 'schema_profile',
  idempotencyKey: 'idempotency_key',
  'Idempotency-Key': 'idempotency_key',
};

/** A field that the API named in a refusal, as MCP's callers wrote it. */
export const fieldName = (field: string): string => (Object.hasOwn(FIELDS, field) ? (FIELDS[field] ?? field) : field);
