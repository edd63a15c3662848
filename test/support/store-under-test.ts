/**
 * The job store on an embedded DynamoDB of its own, in memory, with a clock that is told what time it is and a wire that can be made to
 * fail: for tests of the store. Each test takes a tenant of its own.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { DynamoDBClient, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { v4, v7 } from 'uuid';
import { startDynamoDb } from '#local/emulators/dynamodb.ts';
import { createTable } from '#local/provision.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import type { Key } from '#shared/aws/table.ts';
import type { Job, PlannedTask } from '#shared/job/job.ts';
import type { ClaimedTask, JobStore, NewJob } from '#shared/job/store.ts';
import { DEFAULT_LIMITS, type Limits } from '#shared/limits.ts';
import type { TaskRef, TaskResult } from '#shared/task/task.ts';
import { secondsAfter } from '#shared/time.ts';

const TABLE = 'scanfleet-test';

export const START = '2026-01-31T12:00:00.000Z';

export interface Call {
  /** As in `TransactWriteItems`. */
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/**
 * throttle, conflict, error: refused, nothing was written · silence: never arrived · lost_answer: written, but the answer is lost, and
 * DynamoDB's own memory of the request (ten minutes) with it · a function: happens before the call.
 */
export type Fault = 'throttle' | 'conflict' | 'error' | 'silence' | 'lost_answer' | (() => Promise<unknown>);

export interface StoreUnderTest {
  readonly store: JobStore;
  /** The same table under other limits. */
  withLimits(changes: Partial<Limits>): JobStore;
  now(): Date;
  /** The time in so many seconds from now. */
  in(seconds: number): string;
  pass(seconds: number): void;
  /** What was sent since the last `calls.length = 0`. */
  readonly calls: Call[];
  /** The next call of this operation meets `fault`; of several, the first comes first. */
  failNext(operation: string, fault: Fault): void;
  /** As it lies in the table. */
  item(key: Key): Promise<Record<string, unknown> | undefined>;
  close(): Promise<void>;
}

export async function startStore(changes: Partial<Limits> = {}): Promise<StoreUnderTest> {
  const emulator = await startDynamoDb();
  const client = new DynamoDBClient({
    endpoint: emulator.endpoint,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'TESTKEY', secretAccessKey: 'test-secret' },
    maxAttempts: 1,
  });
  await createTable(client, TABLE);
  const documents = DynamoDBDocumentClient.from(client);
  const calls: Call[] = [];
  const faults: { operation: string; fault: Fault }[] = [];
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        const operation = commandName.replace(/Command$/, '');
        calls.push({ operation, input: { ...args.input } });
        const at = faults.findIndex((planned) => planned.operation === operation);
        const [planned] = at === -1 ? [] : faults.splice(at, 1);
        return withFault(planned?.fault, operation, args, next);
      },
    { step: 'initialize' },
  );
  let nowMs = Date.parse(START);
  const now = () => new Date(nowMs);
  const withLimits = (more: Partial<Limits>) =>
    dynamoJobStore({ client, table: TABLE, limits: { ...DEFAULT_LIMITS, ...changes, ...more }, now, random: () => 0 });
  return {
    store: withLimits({}),
    withLimits,
    now,
    in: (seconds) => secondsAfter(now(), seconds),
    pass: (seconds) => {
      nowMs += seconds * 1000;
    },
    calls,
    failNext: (operation, fault) => void faults.push({ operation, fault }),
    item: async (key) =>
      (await documents.send(new GetCommand({ TableName: TABLE, Key: { ...key }, ConsistentRead: true }))).Item,
    async close() {
      client.destroy();
      await emulator.close();
    },
  };
}

async function withFault<Args extends { input: object }, Output>(
  fault: Fault | undefined,
  operation: string,
  args: Args,
  next: (args: Args) => Promise<Output>,
): Promise<Output> {
  if (typeof fault === 'function') await fault();
  if (typeof fault === 'string' && fault !== 'lost_answer') throw faultOf(fault, operation);
  if (fault !== 'lost_answer') return next(args);
  const forgotten =
    'ClientRequestToken' in args.input ? { ...args, input: { ...args.input, ClientRequestToken: v4() } } : args;
  await next(forgotten);
  throw faultOf('silence', operation);
}

function faultOf(fault: Exclude<Fault, () => Promise<unknown>>, operation: string): Error {
  const error = (name: string, httpStatusCode?: number) =>
    Object.assign(new Error(`${name}, planned by the test`), { name, $metadata: { httpStatusCode } });
  if (fault === 'throttle') return error('ThrottlingException', 400);
  if (fault === 'error') return error('InternalServerError', 500);
  if (fault !== 'conflict') return error('TimeoutError');
  if (operation !== 'TransactWriteItems') return error('TransactionConflictException', 400);
  return new TransactionCanceledException({
    message: 'planned by the test',
    $metadata: { httpStatusCode: 400 },
    CancellationReasons: [{ Code: 'TransactionConflict' }],
  });
}

/** Runs what is given side by side, each a moment after the other so that none is always first. */
export const race = <T>(...calls: readonly (() => Promise<T>)[]): Promise<PromiseSettledResult<T>[]> =>
  Promise.allSettled(
    calls.map(async (call) => {
      await delay(0);
      return call();
    }),
  );

export const newTenant = (): string => `t-${v4()}`;

type Changes = Partial<NewJob['job']> & Partial<Pick<NewJob, 'spec' | 'idempotency'>>;

/** A job of `tasks` tasks of one target each. */
export function newJob(
  under: Pick<StoreUnderTest, 'now'>,
  tasks: number,
  { spec, idempotency, ...job }: Changes = {},
): NewJob {
  const planned = Array.from(
    { length: tasks },
    (_, from): PlannedTask => ({ scanner: 'nmap', workerSize: 'small', slice: { from, count: 1 } }),
  );
  return {
    job: {
      jobId: v7(),
      tenant: newTenant(),
      createdBy: '111111111111/acme',
      scanners: ['nmap'],
      profile: 'brief',
      priority: 'normal',
      traceId: '1-67891233-abcdef012345678912345678',
      createdAt: under.now().toISOString(),
      deadlineSeconds: 3_600,
      ...job,
    },
    spec: spec ?? { targets: ['203.0.113.7'], scanners: [{ name: 'nmap', options: {} }], labels: {} },
    tasks: planned,
    ...(idempotency ? { idempotency } : {}),
  };
}

export interface SubmittedJob {
  readonly job: Job;
  readonly jobId: string;
  readonly released: readonly TaskRef[];
}

/** Submits a new job and expects that it is one. */
export async function submitJob(
  under: StoreUnderTest,
  tasks: number,
  changes: Changes = {},
  store = under.store,
): Promise<SubmittedJob> {
  const submitted = await store.submit(newJob(under, tasks, changes), () => '{}');
  if (submitted.outcome !== 'created') throw new Error('the job is not new');
  return { job: submitted.job, jobId: submitted.job.jobId, released: submitted.released };
}

/** Claims a task and expects to get it. */
export async function claimTask(
  under: StoreUnderTest,
  ref: Pick<TaskRef, 'jobId' | 'taskId'>,
  worker = 'worker-1',
): Promise<ClaimedTask> {
  const claimed = await under.store.claim(ref, worker);
  if (claimed === undefined) throw new Error(`task ${ref.taskId} is not claimable`);
  return claimed;
}

/** Of a task that reached its one target and found `findings` things of no importance. */
export const aResult = (findings = 0): TaskResult => ({
  prefix: 'results/',
  findings,
  bytes: 100,
  bySeverity: { critical: 0, high: 0, medium: 0, low: 0, info: findings },
  coverage: [{ reached: 1, down: 0, unresolved: 0, denied: 0, timed_out: 0, not_scanned: 0 }],
  crc32: 0,
  plainBytes: 0,
});

export async function readJob(under: StoreUnderTest, jobId: string): Promise<Job> {
  const job = await under.store.readJob(jobId);
  if (job === undefined) throw new Error(`there is no job ${jobId}`);
  return job;
}

/** Claims and completes each task, and finalises the job. */
export async function runJob(
  under: StoreUnderTest,
  refs: readonly TaskRef[],
  status: 'completed' | 'failed' = 'completed',
): Promise<Job> {
  for (const ref of refs) {
    const { held } = await claimTask(under, ref);
    const end =
      status === 'completed'
        ? { status, result: aResult(1) }
        : { status, error: { code: 'exit', message: 'no', retryable: false } };
    await under.store.finish(held, end);
  }
  const jobId = refs[0]?.jobId as string;
  const ended = await under.store.finalise(await readJob(under, jobId), 'worker/1');
  if (ended === undefined) throw new Error('tasks are open');
  return ended;
}
