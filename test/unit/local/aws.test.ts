import { afterEach, beforeEach, expect, it } from 'vitest';
import { localAws } from '#local/aws.ts';
import type { Faults } from '#local/faults/kit.ts';

const KEYS = { accessKeyId: 'OWN', secretAccessKey: 'own-secret' };
const before = { ...process.env };
let started: AsyncDisposableStack;
let closed: string[];
beforeEach(() => {
  started = new AsyncDisposableStack();
  closed = [];
});
afterEach(async () => {
  await started.disposeAsync();
  process.env = { ...before };
});

const emulator = (endpoint: string) => ({ endpoint, close: async () => void closed.push(endpoint) });
const start = async () => emulator('http://127.0.0.1:1');
const inFrontOf: Faults['inFrontOf'] = async (service, endpoint) => emulator(`${service} by way of ${endpoint}`);

it('leads the SDK to an emulator, which ends with the service', async () => {
  const aws = await localAws(started, {}, 'eu-central-1', KEYS);
  await aws.provide('sqs', start);
  expect(process.env.AWS_ENDPOINT_URL_SQS).toBe('http://127.0.0.1:1');
  await started.disposeAsync();
  expect(closed).toEqual(['http://127.0.0.1:1']);
});

it("leaves an endpoint of the user's alone", async () => {
  const env = { AWS_ENDPOINT_URL_SQS: 'http://127.0.0.1:2' };
  Object.assign(process.env, env, { AWS_ACCESS_KEY_ID: 'USERS', AWS_SECRET_ACCESS_KEY: 'users-secret' });
  const aws = await localAws(started, env, 'eu-central-1', KEYS);
  await aws.provide('sqs', start);
  expect(process.env.AWS_ENDPOINT_URL_SQS).toBe('http://127.0.0.1:2');
  expect(aws.credentials.accessKeyId).toBe('USERS');
});

it('puts faults in front of both', async () => {
  const env = { AWS_ENDPOINT_URL_SQS: 'http://127.0.0.1:2' };
  Object.assign(process.env, env, { AWS_ACCESS_KEY_ID: 'USERS', AWS_SECRET_ACCESS_KEY: 'users-secret' });
  const aws = await localAws(started, env, 'eu-central-1', KEYS, { inFrontOf } as Faults);
  await aws.provide('sqs', start);
  await aws.provide('s3', start);
  expect(process.env.AWS_ENDPOINT_URL_SQS).toBe('sqs by way of http://127.0.0.1:2');
  expect(process.env.AWS_ENDPOINT_URL_S3).toBe('s3 by way of http://127.0.0.1:1');
  await started.disposeAsync();
  expect(closed).toEqual(['s3 by way of http://127.0.0.1:1', 'http://127.0.0.1:1', 'sqs by way of http://127.0.0.1:2']);
});
