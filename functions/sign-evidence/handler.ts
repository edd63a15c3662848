/** On JobFinished: signs what the job left. Entry file: the decision is in sign-evidence.ts. */
import { dynamoDbClient, s3Client } from '#shared/aws/clients.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { manifestSigner } from '#shared/aws/manifest-signer.ts';
import { s3Results } from '#shared/aws/results.ts';
import { JobFinishedDetail } from '#shared/contracts/events.ts';
import { environment, parseEnv } from '#shared/env.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { eventHandler } from '../middleware/event.ts';
import { Env } from './env.ts';
import { signEvidence } from './sign-evidence.ts';

const env = parseEnv(Env);
const limits = limitsFromEnv(environment());
const jobs = dynamoJobStore({ client: dynamoDbClient(), table: env.JOB_TABLE, limits, now: () => new Date() });
const results = s3Results(s3Client(), env.RESULTS_BUCKET);
const signer = manifestSigner(env.EVIDENCE_KEY);

export const handler = eventHandler('sign-evidence', JobFinishedDetail, ({ detail }) =>
  signEvidence({ jobs, results, signer }, detail),
);
