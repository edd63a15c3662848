/**
 * GET /jobs/{jobId}/evidence: 200 with links to the signed manifest and a page of files; 202 until it is signed; 400 for a bad cursor; 404;
 * 409 while the job is open. Entry file: the decision is in get-evidence.ts.
 */
import { dynamoDbClient, s3Client } from '#shared/aws/clients.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { s3Results } from '#shared/aws/results.ts';
import { s3Signer } from '#shared/aws/signer.ts';
import { getEvidenceRoute } from '#shared/contracts/evidence.ts';
import { environment, parseEnv } from '#shared/env.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { httpHandler } from '../middleware/http.ts';
import { Env } from './env.ts';
import { getEvidence } from './get-evidence.ts';

const env = parseEnv(Env);
const limits = limitsFromEnv(environment());
const jobs = dynamoJobStore({ client: dynamoDbClient(), table: env.JOB_TABLE, limits, now: () => new Date() });
const s3 = s3Client();
const results = s3Results(s3, env.RESULTS_BUCKET);
const signer = s3Signer(s3, env.RESULTS_BUCKET);
const deps = { jobs, results, signer, presignedSeconds: limits.presignedSeconds };

export const handler = httpHandler(getEvidenceRoute, { jobs, callers: env.CALLER_SETTINGS }, (request) =>
  getEvidence(deps, request),
);
