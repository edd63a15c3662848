/** What a worker works with, built from its settings: the real services. */
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import {
  type Credentials,
  dynamoDbClient,
  eventBridgeClient,
  s3Client,
  secretsManagerClient,
  sqsClient,
  xrayClient,
} from '#shared/aws/clients.ts';
import { eventBridgeEvents } from '#shared/aws/events.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { policyFile } from '#shared/aws/policy-file.ts';
import { s3Results } from '#shared/aws/results.ts';
import { scannersFile } from '#shared/aws/scanners-file.ts';
import { environmentSecrets, secretsManager } from '#shared/aws/secrets.ts';
import { sqsTaskQueue } from '#shared/aws/task-queue.ts';
import { xrayTraces } from '#shared/aws/traces.ts';
import { environment } from '#shared/env.ts';
import type { Limits } from '#shared/limits.ts';
import { logger } from '#shared/observability/logger.ts';
import { record } from '#shared/observability/metrics.ts';
import { writeHealth } from '#shared/scanner/instances.ts';
import type { Secrets } from '#shared/secrets.ts';
import { systemClock } from './clock.ts';
import type { WorkerDeps } from './deps.ts';
import type { Env } from './env.ts';
import { jobWorkReader } from './job-work.ts';
import { logWith } from './log.ts';
import { systemResolve } from './resolve.ts';
import { scannersWith } from './scanners/index.ts';
import type { PoolDeps } from './scanners/nessus/pool.ts';
import { workerTime } from './worker-time.ts';

export function buildDeps(env: Env, limits: Limits, credentials: Credentials): WorkerDeps {
  const { now } = systemClock;
  const results = s3Results(s3Client(credentials), env.RESULTS_BUCKET);
  const jobs = dynamoJobStore({ client: dynamoDbClient(credentials), table: env.JOB_TABLE, limits, now });
  const worker = env.WORKER_NAME ?? randomUUID();
  const [log, random] = [logWith(logger, { worker }), Math.random];
  const registry = scannersFile({ results, now });
  const nessus: PoolDeps = {
    ...{ clock: systemClock, random, log, secrets: secretsOf(env, credentials) },
    instances: async () => (await registry()).nessus,
    publish: (instance, health) => writeHealth(results, instance, health),
  };
  return {
    worker,
    size: env.WORKER_SIZE,
    jobs,
    queue: sqsTaskQueue(sqsClient(credentials), { small: env.TASK_QUEUE_URL_SMALL, large: env.TASK_QUEUE_URL_LARGE }),
    results,
    events: eventBridgeEvents(eventBridgeClient(credentials), env.EVENT_BUS),
    work: jobWorkReader({ jobs, results }),
    policy: policyFile({ results, now, loopback: env.LOOPBACK_TARGETS }),
    scanners: scannersWith(env, nessus),
    resolve: systemResolve,
    clock: systemClock,
    time: workerTime(systemClock),
    limits,
    random,
    log,
    record,
    traces: xrayTraces(xrayClient(credentials)),
    temporary: tmpdir(),
  };
}

const secretsOf = ({ SECRETS_FROM }: Env, credentials: Credentials): Secrets =>
  SECRETS_FROM === 'environment'
    ? environmentSecrets(environment())
    : secretsManager(secretsManagerClient(credentials));
