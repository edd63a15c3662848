/** On JobFinished: starts what follows from the job's findings. Entry file: the decision is in start-follow-ups.ts. */
import { v7 as uuidv7 } from 'uuid';
import { dynamoDbClient, eventBridgeClient, s3Client, sqsClient } from '#shared/aws/clients.ts';
import { eventBridgeEvents } from '#shared/aws/events.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { policyFile } from '#shared/aws/policy-file.ts';
import { s3Results } from '#shared/aws/results.ts';
import { scannersFile } from '#shared/aws/scanners-file.ts';
import { sqsTaskQueue } from '#shared/aws/task-queue.ts';
import { JobFinishedDetail } from '#shared/contracts/events.ts';
import { environment, parseEnv } from '#shared/env.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { availabilitiesWith } from '#shared/scanner/instances.ts';
import { eventHandler } from '../middleware/event.ts';
import { Env } from './env.ts';
import { startFollowUps } from './start-follow-ups.ts';

const env = parseEnv(Env);
const limits = limitsFromEnv(environment());
const now = () => new Date();
const jobs = dynamoJobStore({ client: dynamoDbClient(), table: env.JOB_TABLE, limits, now });
const results = s3Results(s3Client(), env.RESULTS_BUCKET);
const queue = sqsTaskQueue(sqsClient(), { small: env.TASK_QUEUE_URL_SMALL, large: env.TASK_QUEUE_URL_LARGE });
const events = eventBridgeEvents(eventBridgeClient(), env.EVENT_BUS);
const policy = policyFile({ results, now, loopback: env.LOOPBACK_TARGETS });
const availability = availabilitiesWith(env.SCANNER_AVAILABILITY, scannersFile({ results, now }));
const deps = { jobs, results, queue, events, policy, availability, limits, now, newId: () => uuidv7() };

export const handler = eventHandler('start-follow-ups', JobFinishedDetail, ({ detail }) =>
  startFollowUps(deps, detail),
);
