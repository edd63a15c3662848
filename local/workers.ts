/** How the ECS emulator starts workers: the real one, as a process with the environment that the container would have. */
import { fileURLToPath } from 'node:url';
import { ScannerSettings } from '#containers/scan-worker/scanners/settings.ts';
import type { Environment } from '#shared/env.ts';
import { LIMIT_NAMES, type Limits, limitVariable } from '#shared/limits.ts';
import { WORKER_SIZES, type WorkerSize } from '#shared/scanner/definition.ts';
import { SECRET_VARIABLE } from '#shared/secrets.ts';
import type { TaskDefinition } from './emulators/ecs.ts';
import { TASK_DEFINITIONS } from './environment.ts';

const WORKER = fileURLToPath(new URL('../containers/scan-worker/main.ts', import.meta.url));

/** What a worker may know. No AWS key is among it: the emulator serves those to the worker alone. */
const PASSED_ON = [
  'PATH',
  'JOB_TABLE',
  'TASK_QUEUE_URL_SMALL',
  'TASK_QUEUE_URL_LARGE',
  'RESULTS_BUCKET',
  'EVENT_BUS',
  'LOOPBACK_TARGETS',
  'AWS_REGION',
  'AWS_ENDPOINT_URL_DYNAMODB',
  'AWS_ENDPOINT_URL_SQS',
  'AWS_ENDPOINT_URL_S3',
  'AWS_ENDPOINT_URL_EVENTBRIDGE',
  'AWS_CA_BUNDLE',
  'NODE_EXTRA_CA_CERTS',
  ...Object.keys(ScannerSettings.shape),
  'POWERTOOLS_LOG_LEVEL',
  'POWERTOOLS_METRICS_DISABLED',
  ...LIMIT_NAMES.map(limitVariable),
];

/** From giving tasks back to being killed: as much as infra gives beyond the worker's own limit. */
const STOP_MARGIN_SECONDS = 10;

/** By family. `env` is the functions'; `temporary` an empty folder for what a scan needs while it runs. */
export function workerDefinitions(
  env: Environment,
  { shutdownSeconds }: Limits,
  temporary: string,
): Record<string, TaskDefinition> {
  const names = [...PASSED_ON, ...Object.keys(env).filter((name) => SECRET_VARIABLE.test(name))];
  const passedOn = Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
  const definition = (size: WorkerSize): TaskDefinition => ({
    file: process.execPath,
    args: [WORKER],
    env: { ...passedOn, TMPDIR: temporary, WORKER_SIZE: size, SECRETS_FROM: 'environment' },
    stopTimeoutSeconds: shutdownSeconds + STOP_MARGIN_SECONDS,
  });
  return Object.fromEntries(WORKER_SIZES.map((size) => [TASK_DEFINITIONS[size], definition(size)]));
}
