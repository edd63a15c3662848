import { expect, it } from 'vitest';
import { workerDefinitions } from '#local/workers.ts';
import { DEFAULT_LIMITS } from '#shared/limits.ts';

const ENV = {
  PATH: '/usr/bin',
  HOME: '/home/user',
  TMPDIR: '/tmp',
  JOB_TABLE: 'table',
  AWS_REGION: 'eu-central-1',
  AWS_ENDPOINT_URL_DYNAMODB: 'http://127.1.2.3:4',
  AWS_ENDPOINT_URL_ECS: 'http://127.0.0.1:5',
  AWS_ACCESS_KEY_ID: 'KEY',
  AWS_SECRET_ACCESS_KEY: 'secret',
  AWS_SESSION_TOKEN: 'token',
  CALLER_SETTINGS: '{}',
  SCANFLEET_LEASE_SECONDS: '5',
  SCANFLEET_SECRET_NESSUS: '{}',
  UNSET: undefined,
};

it('gives a worker what it needs and no AWS key', () => {
  const { 'scanfleet-worker-small': small } = workerDefinitions(ENV, DEFAULT_LIMITS, '/state/tmp');
  expect(small?.env).toEqual({
    PATH: '/usr/bin',
    TMPDIR: '/state/tmp',
    JOB_TABLE: 'table',
    AWS_REGION: 'eu-central-1',
    AWS_ENDPOINT_URL_DYNAMODB: 'http://127.1.2.3:4',
    SCANFLEET_LEASE_SECONDS: '5',
    SCANFLEET_SECRET_NESSUS: '{}',
    SECRETS_FROM: 'environment',
    WORKER_SIZE: 'small',
  });
});

it('has a worker of each size, killed 10 s after its own time to give tasks back', () => {
  const definitions = workerDefinitions(ENV, { ...DEFAULT_LIMITS, shutdownSeconds: 7 }, '/state/tmp');
  expect(Object.entries(definitions).map(([family, { env }]) => `${family} ${env.WORKER_SIZE}`)).toEqual([
    'scanfleet-worker-small small',
    'scanfleet-worker-large large',
  ]);
  expect(definitions['scanfleet-worker-large']?.stopTimeoutSeconds).toBe(17);
});
