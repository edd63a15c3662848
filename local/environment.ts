/** What the functions' env.ts files ask for: what infra gives them in AWS, with this machine's names. */
import { availableParallelism } from 'node:os';
import type { Environment } from '#shared/env.ts';
import { limitVariable } from '#shared/limits.ts';
import type { Availabilities } from '#shared/scanner/availability.ts';
import { callerSettings } from './keys.ts';
import type { Provisioned } from './provision.ts';

export const TABLE_NAME = 'scanfleet';
export const BUCKET_NAME = 'scanfleet-results';
export const BUS_NAME = 'scanfleet';
export const CLUSTER_NAME = 'scanfleet';
export const TASK_DEFINITIONS = { small: 'scanfleet-worker-small', large: 'scanfleet-worker-large' } as const;

/** Where the user sets no other: a sweep costs nothing here, and who restarts a service wants to see it go on; workers share this machine. */
const localLimits = (env: Environment): Environment => ({
  [limitVariable('sweepSeconds')]: env[limitVariable('sweepSeconds')] || '10',
  [limitVariable('maxWorkers')]: env[limitVariable('maxWorkers')] || String(2 * availableParallelism()),
});

export const functionsEnvironment = (
  { table, bucket, queueUrls, deadLetterUrls }: Provisioned,
  env: Environment,
  availability: Availabilities,
  evidenceKey: URL,
): Environment => ({
  JOB_TABLE: table,
  TASK_QUEUE_URL_SMALL: queueUrls.small,
  TASK_QUEUE_URL_LARGE: queueUrls.large,
  DEAD_LETTER_QUEUE_URL_SMALL: deadLetterUrls.small,
  DEAD_LETTER_QUEUE_URL_LARGE: deadLetterUrls.large,
  RESULTS_BUCKET: bucket,
  EVENT_BUS: BUS_NAME,
  EVIDENCE_KEY: evidenceKey.href,
  WORKER_CLUSTER: CLUSTER_NAME,
  WORKER_TASK_DEFINITION_SMALL: TASK_DEFINITIONS.small,
  WORKER_TASK_DEFINITION_LARGE: TASK_DEFINITIONS.large,
  WORKER_SUBNETS: 'subnet-local',
  WORKER_SECURITY_GROUPS: 'sg-local',
  WORKER_PUBLIC_ADDRESSES: 'ENABLED',
  CALLER_SETTINGS: JSON.stringify(callerSettings),
  LOOPBACK_TARGETS: 'allow',
  SCANNER_AVAILABILITY: JSON.stringify(availability),
  ...localLimits(env),
  POWERTOOLS_METRICS_DISABLED: 'true',
});
