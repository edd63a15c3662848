/** What the functions' env.ts files ask for: what infra gives them in AWS, with this machine's names. */
import type { Environment } from '#shared/env.ts';
import { limitVariable } from '#shared/limits.ts';
import { callerSettings } from './keys.ts';
import type { Provisioned } from './provision.ts';

export const TABLE_NAME = 'scanfleet';
export const BUCKET_NAME = 'scanfleet-results';
const BUS_NAME = 'scanfleet';
const CLUSTER_NAME = 'scanfleet';
export const TASK_DEFINITIONS = { small: 'scanfleet-worker-small', large: 'scanfleet-worker-large' } as const;

/** A schedule costs nothing here, and who restarts a service wants to see it go on. */
const SWEEP_SECONDS = '10';

/** The limits are the user's, SCANFLEET_… variables that are there already; but the sweeper is more eager than in AWS. */
export const functionsEnvironment = ({ table, bucket, queueUrls }: Provisioned, env: Environment): Environment => ({
  JOB_TABLE: table,
  TASK_QUEUE_URL_SMALL: queueUrls.small,
  TASK_QUEUE_URL_LARGE: queueUrls.large,
  RESULTS_BUCKET: bucket,
  EVENT_BUS: BUS_NAME,
  WORKER_CLUSTER: CLUSTER_NAME,
  WORKER_TASK_DEFINITION_SMALL: TASK_DEFINITIONS.small,
  WORKER_TASK_DEFINITION_LARGE: TASK_DEFINITIONS.large,
  WORKER_SUBNETS: 'subnet-local',
  WORKER_SECURITY_GROUPS: 'sg-local',
  CALLER_SETTINGS: JSON.stringify(callerSettings),
  LOOPBACK_TARGETS: 'allow',
  [limitVariable('sweepSeconds')]: env[limitVariable('sweepSeconds')] || SWEEP_SECONDS,
  POWERTOOLS_METRICS_DISABLED: 'true',
});
