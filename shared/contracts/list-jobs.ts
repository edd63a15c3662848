/** GET /jobs: newest first. */
import * as z from 'zod';
import { SEVERITIES } from '../finding/severity.ts';
import { SCANNER_NAMES } from '../scanner/definition.ts';
import { STATUSES } from '../status.ts';
import { Instant } from './ids.ts';
import { JobSummaryView } from './job.ts';
import { noBody, none, route } from './route.ts';
import { TargetText } from './target-text.ts';

export const ListJobsQuery = z.strictObject({
  status: z.enum(STATUSES).optional(),
  scanner: z.enum(SCANNER_NAMES).optional(),
  target: TargetText.transform(({ text }) => text).optional(),
  project: z.string().min(1).max(64).optional(),
  from: Instant.optional().describe('Created at or after'),
  to: Instant.optional().describe('Created before'),
  minSeverity: z.enum(SEVERITIES).optional().describe('Ended jobs with at least one finding as severe as this'),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().min(1).max(1_024).optional(),
});
export type ListJobsQuery = z.output<typeof ListJobsQuery>;

export const ListJobsResponse = z
  .object({ jobs: z.array(JobSummaryView), nextCursor: z.string().optional() })
  .meta({ id: 'JobList' });
export type ListJobsResponse = z.output<typeof ListJobsResponse>;

export const listJobsRoute = route({
  method: 'GET',
  path: '/jobs',
  function: 'list-jobs',
  summary: "List one's own jobs, newest first",
  request: { path: none, query: ListJobsQuery, body: noBody },
  responses: { 200: ListJobsResponse },
  streaming: false,
  callers: 'any',
});
