/** GET /jobs/{jobId}/evidence: the signed manifest of a job that has ended, and the files it vouches for, as downloads. */
import * as z from 'zod';
import { jobPath, noBody, route } from './route.ts';

export const EvidenceQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(200).describe('Files of a page'),
  cursor: z.string().min(1).max(1_024).optional(),
});
export type EvidenceQuery = z.output<typeof EvidenceQuery>;

const Download = z.object({
  url: z.url().describe('Presigned: needs no credentials, and dies at `expiresAt` of the page'),
  bytes: z.int().min(0),
});

/** What lies in the bucket now: a path may be any text, and only the manifest says what should be there. */
const EvidenceFile = Download.extend({
  path: z.string().describe('`<taskId>/<attempt>/<name>`, as in 0001/1/raw/nmap.xml.gz'),
});

export const EvidenceResponse = z
  .union([
    z.object({
      status: z.literal('signed'),
      round: z.int().min(1),
      manifest: Download.describe('A JSON document {manifest, signature}: the text that was signed, and its signature'),
      files: z.array(EvidenceFile).describe('Of the attempts that count. A page may hold fewer than `limit`'),
      expiresAt: z.iso.datetime(),
      nextCursor: z.string().optional(),
    }),
    z.object({ status: z.literal('unsigned'), retryAfterSeconds: z.int().min(1) }),
  ])
  .meta({ id: 'Evidence' });
export type EvidenceResponse = z.output<typeof EvidenceResponse>;

export const getEvidenceRoute = route({
  method: 'GET',
  path: '/jobs/{jobId}/evidence',
  function: 'get-evidence',
  summary: 'The signed manifest of a job that has ended, and the files it vouches for, as presigned downloads',
  request: { path: jobPath, query: EvidenceQuery, body: noBody },
  responses: { 200: EvidenceResponse, 202: EvidenceResponse },
  streaming: false,
  callers: 'any',
});
