/** POST /uploads: 201 with a presigned link; 400 for a length or a hash that is none. Entry file: the decision is in create-upload.ts. */
import { v7 as uuidv7 } from 'uuid';
import { dynamoDbClient, s3Client } from '#shared/aws/clients.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { s3Signer } from '#shared/aws/signer.ts';
import { createUploadRoute } from '#shared/contracts/create-upload.ts';
import { environment, parseEnv } from '#shared/env.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { httpHandler } from '../middleware/http.ts';
import { type CreateUploadDeps, createUpload } from './create-upload.ts';
import { Env } from './env.ts';

const env = parseEnv(Env);
const limits = limitsFromEnv(environment());
const now = () => new Date();
const jobs = dynamoJobStore({ client: dynamoDbClient(), table: env.JOB_TABLE, limits, now });
const signer = s3Signer(s3Client(), env.RESULTS_BUCKET);
const deps: CreateUploadDeps = { jobs, signer, limits, now, newId: () => uuidv7() };

export const handler = httpHandler(createUploadRoute, { jobs, callers: env.CALLER_SETTINGS }, (request) =>
  createUpload(deps, request),
);
