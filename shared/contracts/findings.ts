/** GET /jobs/{jobId}/findings: what a job found, in order of its tasks. */
import * as z from 'zod';
import { SEVERITIES } from '../finding/severity.ts';
import { PROFILES } from '../report/profile.ts';
import { SCANNER_NAMES } from '../scanner/definition.ts';
import { jobPath, noBody, route } from './route.ts';
import { RowsQuery, rowsResponse } from './rows.ts';

export const FindingsQuery = RowsQuery.extend({
  severity: z.enum(SEVERITIES).default('info').describe('The least severe to show'),
  profile: z.enum(PROFILES).optional().describe("The job's own when absent"),
});
export type FindingsQuery = z.output<typeof FindingsQuery>;

/** What is optional is shown by some profiles only, or not every scanner's to tell. */
export const FindingView = z
  .object({
    id: z.string().describe('Fingerprint over scanner, rule and location: the same in every run'),
    rule: z.string(),
    severity: z.enum(SEVERITIES),
    location: z.object({
      host: z.string(),
      ip: z.string().optional(),
      port: z.int().optional(),
      protocol: z.string().optional(),
      url: z.string().optional(),
      selector: z.string().optional(),
    }),
    scanner: z.enum(SCANNER_NAMES).optional(),
    title: z.string().optional(),
    description: z.string().optional(),
    evidence: z.string().optional(),
    remediation: z.string().optional(),
    references: z.array(z.string()).optional(),
    cve: z.array(z.string()).optional(),
    cwe: z.array(z.string()).optional(),
    cvss: z.object({ version: z.string().optional(), vector: z.string().optional(), score: z.number() }).optional(),
    tags: z.array(z.string()).optional(),
    detectedAt: z.iso.datetime().optional(),
    raw: z.unknown().optional().describe("The scanner's own record"),
  })
  .meta({ id: 'Finding' });
export type FindingView = z.output<typeof FindingView>;

export const FindingsResponse = rowsResponse('findings', FindingView).meta({ id: 'FindingsPage' });
export type FindingsResponse = z.output<typeof FindingsResponse>;

export const getFindingsRoute = route({
  method: 'GET',
  path: '/jobs/{jobId}/findings',
  function: 'get-findings',
  summary: 'What a job found; while it runs, what its ended tasks found',
  request: { path: jobPath, query: FindingsQuery, body: noBody },
  responses: { 200: FindingsResponse },
  streaming: false,
  callers: 'any',
});
