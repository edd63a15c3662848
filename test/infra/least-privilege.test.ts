/**
 * Each role against what its function really asks of AWS: the exported handlers, and a worker's own loop, go through a day of work on the
 * emulators, and every SDK call is turned into the right it needs. A right that is missing, and one that nothing needs, is found without
 * an account. Whoever adds a function adds what it does to the story below.
 */
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { EventBridgeEvent } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { buildDeps } from '#containers/scan-worker/build-deps.ts';
import { Env as WorkerEnv } from '#containers/scan-worker/env.ts';
import { workLoop } from '#containers/scan-worker/loop.ts';
import { runMessage } from '#containers/scan-worker/run-task.ts';
import { BACKGROUND_FUNCTIONS } from '#local/background.ts';
import { startEvents } from '#local/emulators/events.ts';
import { installAwsLambda, isStreaming } from '#local/gateway/awslambda.ts';
import { type Functions, loadFunctions } from '#local/gateway/invocation.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { s3Results } from '#shared/aws/results.ts';
import { UploadView } from '#shared/contracts/create-upload.ts';
import { routes } from '#shared/contracts/routes.ts';
import { changeEnvironment, environment, parseEnv } from '#shared/env.ts';
import { countCoverage } from '#shared/finding/coverage.ts';
import { POLICY_KEY, SCANNERS_KEY } from '#shared/finding/results.ts';
import { endTask } from '#shared/job/flow.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { type Right, type RightsRecord, recordRights } from '#test/support/aws-rights.ts';
import { type Emulators, startEmulators, TEST_CREDENTIALS, TEST_REGION } from '#test/support/emulators.ts';
import { fakeScanner } from '#test/support/fake-scanner.ts';
import { aFinding, leaveResult } from '#test/support/job-records.ts';
import { captureLog } from '#test/support/log-lines.ts';
import { ADMIN_ARN, CALLERS, call, callStreaming, type TestRequest } from '#test/support/proxy-event.ts';
import { stubScanner } from '#test/support/stub-scanner.ts';
import { grantedTo, statementsOf } from './roles.ts';
import { synthesize } from './synthesized.ts';

const BUS = 'scanfleet-test';
const FUNCTIONS = [...Object.values(routes).map((route) => route.function), ...BACKGROUND_FUNCTIONS];

let emulators: Emulators;
let functions: Functions;
let rights: RightsRecord;
let ecs: Server;
let kms: Server;
let closeEvents: () => Promise<void>;
const events: EventBridgeEvent<string, unknown>[] = [];

beforeAll(async () => {
  captureLog();
  installAwsLambda();
  emulators = await startEmulators();
  const { table, bucket, queueUrls, deadLetterUrls, s3 } = emulators;
  const bus = await startEvents({
    bus: BUS,
    region: TEST_REGION,
    identities: new Map([[TEST_CREDENTIALS.accessKeyId, TEST_CREDENTIALS]]),
    now: () => new Date(),
    onFault: (error) => {
      throw error;
    },
    deliver: (event) => events.push(event),
  });
  closeEvents = bus.close;
  ecs = await startSlowEcs();
  kms = await startKms();
  changeEnvironment({
    AWS_ENDPOINT_URL_EVENTBRIDGE: bus.endpoint,
    AWS_ENDPOINT_URL_ECS: endpointOf(ecs),
    AWS_ENDPOINT_URL_KMS: endpointOf(kms),
    EVIDENCE_KEY: 'arn:aws:kms:eu-central-1:000000000000:key/1',
    JOB_TABLE: table,
    RESULTS_BUCKET: bucket,
    TASK_QUEUE_URL_SMALL: queueUrls.small,
    TASK_QUEUE_URL_LARGE: queueUrls.large,
    DEAD_LETTER_QUEUE_URL_SMALL: deadLetterUrls.small,
    DEAD_LETTER_QUEUE_URL_LARGE: deadLetterUrls.large,
    EVENT_BUS: BUS,
    WORKER_CLUSTER: 'scanfleet',
    WORKER_TASK_DEFINITION_SMALL: 'small',
    WORKER_TASK_DEFINITION_LARGE: 'large',
    WORKER_SUBNETS: 'subnet-1',
    WORKER_SECURITY_GROUPS: 'sg-1',
    WORKER_PUBLIC_ADDRESSES: 'ENABLED',
    WORKER_SIZE: 'small',
    SECRETS_FROM: 'environment',
    LOOPBACK_TARGETS: 'allow',
    CALLER_SETTINGS: JSON.stringify(CALLERS),
    SCANFLEET_BACKOFF_SECONDS: '0',
    SCANFLEET_IDLE_EXIT_SECONDS: '1',
    SCANFLEET_SWEEP_SECONDS: '0.5',
    SCANFLEET_WINDOW: '2',
    SCANFLEET_RATE_BURST: '1000',
  });
  const policy = JSON.stringify({ allow: [{ cidr: '127.0.0.0/8', reason: 'tests scan this machine' }] });
  await s3Results(s3, bucket).write(POLICY_KEY, Buffer.from(policy), 'application/yaml');
  functions = await loadFunctions(FUNCTIONS);
  rights = recordRights();
  await aDayOfWork();
}, 240_000);

afterAll(async () => {
  ecs.close();
  kms.close();
  await closeEvents();
  await emulators.close();
});

const endpointOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** KMS that signs whatever it is given, with nothing. */
async function startKms(): Promise<Server> {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/x-amz-json-1.1');
    response.end(JSON.stringify({ KeyId: 'key', Signature: 'c2lnbmVk' }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** ECS with a worker that was launched long ago and has not started: it is listed, described, stopped and replaced. */
async function startSlowEcs(): Promise<Server> {
  const arn = 'arn:aws:ecs:eu-central-1:000000000000:task/scanfleet/1';
  const answers: Record<string, object> = {
    ListTasks: { taskArns: [arn] },
    DescribeTasks: { tasks: [{ taskArn: arn, startedBy: 'small-1-1', createdAt: 1_000_000_000 }] },
    StopTask: { task: { taskArn: arn } },
    RunTask: { tasks: [{ taskArn: arn }], failures: [] },
  };
  const server = createServer((request, response) => {
    const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
    response.setHeader('content-type', 'application/x-amz-json-1.1');
    response.end(JSON.stringify(answers[operation]));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const ask = (name: string, request: TestRequest = {}) => {
  const handler = functions.get(name);
  if (handler === undefined) throw new Error(`no function ${name}`);
  return rights.as(name, () => (isStreaming(handler) ? callStreaming(handler, request) : call(handler, request)));
};
const tell = (name: string, detail: object = {}) => {
  const handler = functions.get(name) as (event: object, context: object) => Promise<unknown>;
  return rights.as(name, () => handler({ id: 'event-1', 'detail-type': 'test', detail }, {}));
};

const OUTPUT = 'host 127.0.0.1 reached\nport 127.0.0.1 22\n';

/** Works until nothing is left to do, with a scanner that does as `steps` say. */
async function work(...steps: string[]): Promise<void> {
  const stub = stubScanner({ command: () => fakeScanner(...steps) });
  const limits = limitsFromEnv(environment());
  const deps = {
    ...buildDeps(parseEnv(WorkerEnv), limits, TEST_CREDENTIALS),
    scanners: new Map((['nmap', 'nessus'] as const).map((name) => [name, stub])),
    resolve: async () => ['127.0.0.1'],
    temporary: tmpdir(),
  };
  const never = new AbortController().signal;
  await rights.as('worker', () => workLoop({ ...deps, run: (message) => runMessage(deps, message, never) }, never));
}

interface OnJob {
  readonly pathParameters: { readonly jobId: string };
}

const submit = async (targets: readonly string[], more: object = {}): Promise<OnJob> => {
  const body = { targets, scanners: [{ name: 'nmap' }], project: 'shop', idempotencyKey: randomUUID(), ...more };
  const { status, json } = await ask('submit-job', { body });
  expect(status, JSON.stringify(json)).toBe(201);
  return { pathParameters: { jobId: json.jobId as string } };
};

const statusOf = async ({ pathParameters }: OnJob) => (await call(functions.get('get-job'), { pathParameters })).json;
/** Again until `look` throws no more. */
const until = <T>(look: () => Promise<T>) => vi.waitFor(look, { timeout: 60_000, interval: 200 });

/** Lets workers work and the sweeper sweep until the job is in that state. */
const workUntil = (job: OnJob, status: string, ...steps: string[]) =>
  until(async () => {
    if (steps.length > 0) await work(...steps);
    await tell('sweep-tasks');
    const seen = await statusOf(job);
    expect(seen.status, JSON.stringify(seen.taskList)).toBe(status);
  });

/** Everything that each function and a worker have a right for, at least once. */
async function aDayOfWork(): Promise<void> {
  await aJobWithItsReports();
  await aJobThatFails();
  await jobsThatAreCancelled();
  await workersThatDie();
  await aReportThatIsTooLarge();
  await aJobForNessus();
  await whatFollows();
  await anImport();
  await ask('list-jobs', { query: { target: '127.0.1.1' } });
  await ask('get-queue', { userArn: ADMIN_ARN, query: { scope: 'fleet' } });
  for (const name of ['get-stats', 'list-scanners', 'get-queue', 'get-openapi', 'get-health']) await ask(name);
}

/** Its targets are too many for a record: they lie in the bucket. */
async function aJobWithItsReports(): Promise<void> {
  const job = await submit(Array.from({ length: 200 }, (_, n) => `host-${n}.example`));
  await ask('get-job', job);
  await tell('dispatch-workers', { workerSizes: ['small'] });
  await workUntil(job, 'failed', 'exit', '1');
  expect((await ask('retry-job', job)).status).toBe(202);
  await workUntil(job, 'completed', 'print', OUTPUT);
  for (const name of ['export-report', 'get-findings', 'get-coverage', 'get-timeline', 'watch-job'])
    expect((await ask(name, job)).status).toBe(200);
  expect((await ask('get-evidence', job)).status).toBe(202);
  await tell('sign-evidence', finished(job));
  expect((await ask('get-evidence', job)).status).toBe(200);
  expect((await ask('report-link', job)).status).toBe(202);
  const requested = events.find((event) => event['detail-type'] === 'ReportRequested');
  await tell('build-report', requested?.detail as object);
  expect((await ask('report-link', job)).status).toBe(200);
  expect((await ask('delete-job', job)).status).toBe(204);
}

/** What was said of the job's last end. */
const finished = ({ pathParameters: { jobId } }: OnJob) =>
  events.findLast((event) => event['detail-type'] === 'JobFinished' && isAbout(event.detail, jobId))?.detail as object;
const isAbout = (detail: unknown, jobId: string) => JSON.stringify(detail).includes(jobId);

async function aJobThatFails(): Promise<void> {
  const job = await submit(['127.0.1.1']);
  await workUntil(job, 'failed', 'exit', '75');
  await ask('list-dead-letters');
  expect((await ask('redrive-dead-letters', { body: { all: true } })).json.deadLetters).toHaveLength(1);
  await workUntil(job, 'completed', 'print', OUTPUT);
}

async function jobsThatAreCancelled(): Promise<void> {
  const large = await submit([...Array.from({ length: 1_000 }, (_, n) => `host-${n}.example`), '127.8.0.0/19']);
  const waiting = await submit(['127.0.32.0/22']);
  expect((await ask('cancel-job', large)).json.status).toBe('cancelled');
  expect((await ask('cancel-job', waiting)).json.status).toBe('cancelled');
  await ask('get-coverage', large);
  const running = await submit(['127.0.2.1']);
  const working = work('sleep');
  await until(async () => expect((await statusOf(running)).status).toBe('running'));
  await ask('cancel-job', running);
  await working;
  expect((await statusOf(running)).status).toBe('cancelled');
}

/** Leases are lost until the task is given up, while another job waits; messages that no worker can read lie in the dead-letter queue. */
async function workersThatDie(): Promise<void> {
  await tell('record-stopped-worker', { version: 1, startedBy: 'small-1-1', stopCode: 'TaskFailedToStart' });
  const QueueUrl = emulators.deadLetterUrls.small;
  await emulators.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'not json' }));
  const job = await submit(['127.0.3.1']);
  const waiting = await submit(['127.0.16.0/22']);
  for (let failures = 1; failures <= 3; failures += 1)
    await until(async () => {
      await tell('sweep-tasks');
      await claimFirst(job, 1);
    });
  await workUntil(job, 'failed');
  await ask('cancel-job', waiting);
}

async function claimFirst({ pathParameters: { jobId } }: OnJob, leaseSeconds = 60) {
  const client = emulators.dynamodb;
  const limits = { ...limitsFromEnv(environment()), leaseSeconds };
  const jobs = dynamoJobStore({ client, table: emulators.table, limits, now: () => new Date() });
  const claimed = await jobs.claim({ jobId, taskId: '0001' }, 'small-1-1');
  if (claimed === undefined) throw new Error('it waits');
  return { jobs, held: claimed.held };
}

/** The targets of the first job, and of what follows from its findings, are too many for a record: they lie in the bucket. */
async function whatFollows(): Promise<void> {
  const targets = Array.from({ length: 100 }, (_, n) => `127.0.6.${n + 1}`);
  const followUps = [{ when: { scanner: 'nmap', rule: 'open-port' }, scanners: [{ name: 'gobuster' }] }];
  const job = await submit(targets, { followUps });
  await workUntil(job, 'completed', 'print', `${OUTPUT}${targets.map((target) => `port ${target} 80\n`).join('')}`);
  const { jobId } = job.pathParameters;
  await tell('start-follow-ups', { jobId, tenant: '111111111111', traceId: 't', status: 'completed', round: 1 });
  expect((await ask('get-job', job)).json.followUps).toMatchObject({ jobs: [{ scanners: ['gobuster'] }] });
  expect((await ask('cancel-job', job)).json.followUps).toMatchObject({ jobs: [{ status: 'cancelled' }] });
  expect((await ask('export-report', { ...job, query: { tree: 'true' } })).status).toBe(200);
  expect((await ask('report-link', { ...job, body: { tree: true } })).status).toBe(202);
  await tell('build-report', events.findLast((event) => event['detail-type'] === 'ReportRequested')?.detail as object);
  expect((await ask('report-link', { ...job, body: { tree: true } })).status).toBe(200);
  expect((await ask('delete-job', job)).status).toBe(204);
}

/** More than a stream should carry: the caller is sent to a download. */
async function aReportThatIsTooLarge(): Promise<void> {
  const job = await submit(['127.0.4.1']);
  const { jobs, held } = await claimFirst(job);
  const place = { tenant: '111111111111', jobId: held.jobId, taskId: held.taskId, attempt: held.attempt };
  const result = await leaveResult(s3Results(emulators.s3, emulators.bucket), place, [aFinding()], []);
  const queue = { send: async () => undefined };
  const events = { jobSubmitted: async () => undefined, jobFinished: async () => undefined };
  const end = {
    status: 'completed',
    result: { ...result, plainBytes: 200_000_000, coverage: countCoverage([]) },
  } as const;
  await endTask({ jobs, queue, events }, held, end, []);
  expect((await ask('export-report', job)).status).toBe(202);
}

/** What somebody else's scan has left is brought by its owner. */
async function anImport(): Promise<void> {
  const bytes = Buffer.from(OUTPUT);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const { status, json } = await ask('create-upload', { body: { bytes: bytes.length, sha256 } });
  expect(status, JSON.stringify(json)).toBe(201);
  const { url, headers, target } = UploadView.parse(json);
  expect((await fetch(url, { method: 'PUT', headers, body: bytes })).status).toBe(200);
  const submitted = await ask('submit-job', { body: { targets: [target], scanners: [{ name: 'nessus' }] } });
  const job = { pathParameters: { jobId: submitted.json.jobId as string } };
  await workUntil(job, 'completed', 'exit', '1');
}

/** A server that does not answer: a worker says so, and who asks next is told. */
async function aJobForNessus(): Promise<void> {
  const url = 'http://127.0.0.1:9';
  const instances = { nessus: [{ name: 'one', url, credentials: { secret: 'scanfleet/nessus' } }] };
  await s3Results(emulators.s3, emulators.bucket).write(
    SCANNERS_KEY,
    Buffer.from(JSON.stringify(instances)),
    'text/yaml',
  );
  const body = { targets: ['127.0.5.1'], scanners: [{ name: 'nessus' }] };
  const { status, json } = await ask('submit-job', { body });
  expect(status, JSON.stringify(json)).toBe(201);
  const { scanners } = buildDeps(parseEnv(WorkerEnv), limitsFromEnv(environment()), TEST_CREDENTIALS);
  const check = await rights.as('worker', async () => scanners.get('nessus')?.check());
  expect(check).toMatchObject({ available: false, reason: expect.stringContaining('read from the environment') });
  expect((await ask('submit-job', { body })).status).toBe(400);
}

/** What the story cannot bring about, and who needs it all the same. */
// biome-ignore format: a table reads by column
const SELDOM: [name: string, right: string, why: string][] = [
  ['build-report', 's3:AbortMultipartUpload reports', 'an upload that breaks half-way is given up: test/contract/results.test.ts'],
  ['worker',       's3:AbortMultipartUpload results', 'the same'],
  ['create-upload', 's3:PutObject uploads',           'it signs for whom it hands the link: test/contract/signer.test.ts'],
  ['submit-job',   'dynamodb:BatchGetItem ',          'a job whose tasks end while it is being released gives slots back to others that wait'],
  ['start-follow-ups', 'dynamodb:BatchGetItem ',      'the same'],
  ['retry-job',    'dynamodb:BatchGetItem ',          'the same, for fewer tasks than before'],
  ['get-evidence', 's3:GetObject results',            'whoever follows a link of its does so in its name: test/contract/signer.test.ts'],
];
const seldom = (name: string) => SELDOM.filter(([owner]) => owner === name).map(([, right]) => right);

describe('a role', () => {
  const statements = statementsOf(synthesize({ stage: 'prod' }));
  /** Who works, and the policy that says what it may. Workers of both sizes do the same. */
  const ROLES: [name: string, policy: string][] = [
    ...FUNCTIONS.map((name): [string, string] => [name, `${name.replaceAll('-', '')}Role`]),
    ['worker', 'WorkersSmallDefinitionTaskRole'],
    ['worker', 'WorkersLargeDefinitionTaskRole'],
  ];
  const text = ({ action, on }: Right) => `${action} ${on}`;
  /** Where a role may do it to all there is, it may also do it here. */
  const covers = (may: Right, need: Right) => may.action === need.action && (may.on === '' || may.on === need.on);

  it.each(ROLES)('of %s lets it do all that it does (%s)', (name, policy) => {
    const granted = grantedTo(statements, policy);
    const missing = rights.used(name).filter((need) => !granted.some((may) => covers(may, need)));
    expect(missing.map(text)).toEqual([]);
    expect(rights.used(name)).not.toEqual([]);
  });

  it.each(ROLES)('of %s lets it do nothing else (%s)', (name, policy) => {
    const used = rights.used(name);
    const excess = grantedTo(statements, policy).filter((may) => !used.some((need) => covers(may, need)));
    expect(excess.map(text).sort()).toEqual(seldom(name).sort());
  });
});
