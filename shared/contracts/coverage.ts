/** GET /jobs/{jobId}/coverage: what happened to each target, in order of the job's tasks. */
import * as z from 'zod';
import { COVERAGE_STATUSES, PAGE_RESULTS } from '../finding/coverage.ts';
import { SCANNER_NAMES } from '../scanner/definition.ts';
import { jobPath, noBody, route } from './route.ts';
import { RowsQuery, rowsResponse } from './rows.ts';

export const CoverageQuery = RowsQuery.extend({
  status: z.enum(COVERAGE_STATUSES).optional().describe('All when absent'),
});
export type CoverageQuery = z.output<typeof CoverageQuery>;

export const CoverageView = z
  .object({
    scanner: z.enum(SCANNER_NAMES),
    target: z.string().describe("The job's target: the host itself, or the CIDR it lies in"),
    host: z.string().describe('What was to be scanned: an address, a name or a URL'),
    address: z.string().optional().describe('The address really asked, where a name was given'),
    status: z.enum(COVERAGE_STATUSES),
    reason: z.string().optional(),
    technique: z.string().optional().describe('How it was really scanned'),
    pages: z
      .array(z.object({ url: z.string(), result: z.enum(PAGE_RESULTS), detail: z.string().optional() }))
      .readonly()
      .optional()
      .describe('Of axe: what became of each page'),
  })
  .meta({ id: 'Coverage' });
export type CoverageView = z.output<typeof CoverageView>;

export const CoverageResponse = rowsResponse('coverage', CoverageView).meta({ id: 'CoveragePage' });
export type CoverageResponse = z.output<typeof CoverageResponse>;

export const getCoverageRoute = route({
  method: 'GET',
  path: '/jobs/{jobId}/coverage',
  function: 'get-coverage',
  summary: 'What happened to each target of a job; while it runs, to those of its ended tasks',
  request: { path: jobPath, query: CoverageQuery, body: noBody },
  responses: { 200: CoverageResponse },
  streaming: false,
  callers: 'any',
});
