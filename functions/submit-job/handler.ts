/** POST /jobs: 201; 200 for a repeated key; 400 (also for a scanner that is not there); 403 target denied; 409 key reused; 429. Entry file: the decision is in submit-job.ts. */
import { v7 as uuidv7 } from 'uuid';
import { dynamoDbClient, eventBridgeClient, s3Client, sqsClient } from '#shared/aws/clients.ts';
import { eventBridgeEvents } from '#shared/aws/events.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { policyFile } from '#shared/aws/policy-file.ts';
import { s3Results } from '#shared/aws/results.ts';
import { scannersFile } from '#shared/aws/scanners-file.ts';
import { sqsTaskQueue } from '#shared/aws/task-queue.ts';
import { submitJobRoute } from '#shared/contracts/submit-job.ts';
import { environment, parseEnv } from '#shared/env.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { nessusInstances } from '#shared/scanner/instances.ts';
import { httpHandler } from '../middleware/http.ts';
import { Env } from './env.ts';
import { type SubmitJobDeps, submitJob } from './submit-job.ts';

const env = parseEnv(Env);
const limits = limitsFromEnv(environment());
const now = () => new Date();
const jobs = dynamoJobStore({ client: dynamoDbClient(), table: env.JOB_TABLE, limits, now });
const results = s3Results(s3Client(), env.RESULTS_BUCKET);
const queue = sqsTaskQueue(sqsClient(), { small: env.TASK_QUEUE_URL_SMALL, large: env.TASK_QUEUE_URL_LARGE });
const events = eventBridgeEvents(eventBridgeClient(), env.EVENT_BUS);
const policy = policyFile({ results, now, loopback: env.LOOPBACK_TARGETS });
const registry = scannersFile({ results, now });
const deps: SubmitJobDeps = {
  ...{ jobs, queue, results, events, policy, limits, now },
  availability: env.SCANNER_AVAILABILITY,
  instances: () => nessusInstances({ results, registry, now }),
  newId: () => uuidv7(),
};

export const handler = httpHandler(submitJobRoute, { jobs, callers: env.CALLER_SETTINGS }, (request) =>
  submitJob(deps, request),
);
