/** GET /jobs/{jobId}/report and POST /jobs/{jobId}/report-link. */
import * as z from 'zod';
import { SEVERITIES } from '../finding/severity.ts';
import { REPORT_FORMATS } from '../report/format.ts';
import { PROFILES } from '../report/profile.ts';
import { jobPath, noBody, none, route } from './route.ts';

const TREE = 'With all jobs that followed from it, as one report';

export const ReportQuery = z.strictObject({
  format: z.enum(REPORT_FORMATS).default('json'),
  profile: z.enum(PROFILES).optional().describe("The job's own when absent"),
  severity: z.enum(SEVERITIES).default('info').describe('The least severe to show'),
  tree: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true')
    .describe(TREE),
});
export type ReportQuery = z.output<typeof ReportQuery>;

/** The link's request is the same, in the body. */
export const ReportLinkRequest = ReportQuery.extend({ tree: z.boolean().default(false).describe(TREE) });

export const ReportLinkResponse = z
  .union([
    z.object({
      status: z.literal('ready'),
      url: z.url(),
      expiresAt: z.iso.datetime(),
      bytes: z.int().min(0),
      sha256: z.string().length(64),
    }),
    z.object({ status: z.literal('building'), retryAfterSeconds: z.int().min(1) }),
  ])
  .meta({ id: 'ReportLink' });
export type ReportLinkResponse = z.output<typeof ReportLinkResponse>;

export const exportReportRoute = route({
  method: 'GET',
  path: '/jobs/{jobId}/report',
  function: 'export-report',
  summary: 'Stream the report; one over 100 MB is handed out as a download (303), or built as one first (202)',
  request: { path: jobPath, query: ReportQuery, body: noBody },
  responses: { 200: undefined, 202: ReportLinkResponse, 303: ReportLinkResponse },
  streaming: true,
  callers: 'any',
});

export const reportLinkRoute = route({
  method: 'POST',
  path: '/jobs/{jobId}/report-link',
  function: 'report-link',
  summary: 'A presigned download of the report',
  request: { path: jobPath, query: none, body: ReportLinkRequest.prefault({}) },
  responses: { 200: ReportLinkResponse, 202: ReportLinkResponse },
  streaming: false,
  callers: 'any',
});
