/**
 * The job store on an embedded DynamoDB of its own, in memory, with a clock that is told what time it is and a wire that can be made to
 * fail: for tests of the store. Each test takes a tenant of its own.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
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
import { type Call, type Fault, injectFaults } from './dynamodb-faults.ts';

const TABLE = 'scanfleet-test';

export const START = '2026-01-31T12:00:00.000Z';

export interface StoreUnderTest {
  readonly store: JobStore;
  /** What the store works on. */
  readonly client: DynamoDBClient;
  readonly table: string;
  /** The same table under other limits. */
  withLimits(changes: Partial<Limits>, transactionItems?: number): JobStore;
  now(): Date;
  /** The time in so many seconds from now. */
  in(seconds: number): string;
  pass(seconds: number): void;
  /** What was sent since the last `calls.length = 0`. */
  readonly calls: Call[];
  /** The next call of this operation meets `fault`; of several, the first comes first. */
  failNext(operation: string, fault: Fault): void;
  /** Has `next` decide about every call, until it is told otherwise. */
  decideFaults(next: ((call: Call) => Fault | undefined) | undefined): void;
  /** As it lies in the table. */
  item(key: Key): Promise<Record<string, unknown> | undefined>;
  /** All items of a partition, as they lie in the table. */
  items(pk: string): Promise<Record<string, unknown>[]>;
  /** Writes attributes past the store; undefined takes one away. */
  edit(key: Key, attributes: Readonly<Record<string, unknown>>): Promise<void>;
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
  const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  const calls: Call[] = [];
  const faults: { operation: string; fault: Fault }[] = [];
  let decide: ((call: Call) => Fault | undefined) | undefined;
  injectFaults(client, (call) => {
    if (decide !== undefined) return decide(call);
    calls.push(call);
    const at = faults.findIndex(({ operation }) => operation === call.operation);
    return at === -1 ? undefined : faults.splice(at, 1)[0]?.fault;
  });
  const item: StoreUnderTest['item'] = async (key) =>
    (await documents.send(new GetCommand({ TableName: TABLE, Key: { ...key }, ConsistentRead: true }))).Item;
  let nowMs = Date.parse(START);
  const now = () => new Date(nowMs);
  const withLimits: StoreUnderTest['withLimits'] = (more, transactionItems = 100) =>
    dynamoJobStore({
      client,
      table: TABLE,
      limits: { ...DEFAULT_LIMITS, ...changes, ...more },
      now,
      random: () => 0,
      transactionItems,
    });
  return {
    store: withLimits({}),
    client,
    table: TABLE,
    withLimits,
    now,
    in: (seconds) => secondsAfter(now(), seconds),
    pass: (seconds) => {
      nowMs += seconds * 1000;
    },
    calls,
    failNext: (operation, fault) => void faults.push({ operation, fault }),
    decideFaults: (next) => {
      decide = next;
    },
    item,
    async items(pk) {
      const where = { KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': pk } };
      return (await documents.send(new QueryCommand({ TableName: TABLE, ConsistentRead: true, ...where }))).Items ?? [];
    },
    async edit(key, attributes) {
      const Item = { ...(await item(key)), ...key, ...attributes };
      await documents.send(new PutCommand({ TableName: TABLE, Item }));
    },
    async close() {
      client.destroy();
      await emulator.close();
    },
  };
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
