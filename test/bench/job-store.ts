/**
 * What the job store costs, on an embedded DynamoDB in memory: submits of one task a second, as many as go and at 200 a second, beside
 * the same calls made bare (their inputs recorded, sent again to an empty table); and the calls that a task takes from submit to the end
 * of its job.
 *
 *   node test/bench/job-store.ts [--submits 2000] [--at-once 32]
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DynamoDBDocumentClient,
  GetCommand,
  type GetCommandInput,
  TransactWriteCommand,
  type TransactWriteCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { startDynamoDb } from '#local/emulators/dynamodb.ts';
import { createTable } from '#local/provision.ts';
import { endTask } from '#shared/job/flow.ts';
import type { TaskRef } from '#shared/task/task.ts';
import type { Call } from '#test/support/dynamodb-faults.ts';
import {
  aResult,
  claimTask,
  newJob,
  newTenant,
  readJob,
  type StoreUnderTest,
  startStore,
} from '#test/support/store-under-test.ts';

const { values } = parseArgs({
  options: { submits: { type: 'string', default: '2000' }, 'at-once': { type: 'string', default: '32' } },
});
const submits = Number(values.submits);
const atOnce = Number(values['at-once']);
const RATE_PER_SECOND = 200;

interface Figures {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of this process: the store, the SDK and the JSON, not the database. */
  readonly cpuMs: number;
}

/** Runs `call` so often, `atOnce` side by side; with a rate, each begins when its time has come and is measured from then. */
async function measure(call: (n: number) => Promise<unknown>, perSecond?: number): Promise<Figures> {
  const took: number[] = [];
  let next = 0;
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  const lane = async () => {
    for (let n = next++; n < submits; n = next++) {
      const dueMs = perSecond === undefined ? performance.now() : startMs + (n * 1000) / perSecond;
      if (dueMs > performance.now()) await delay(dueMs - performance.now());
      await call(n);
      took.push(performance.now() - dueMs);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  const seconds = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  took.sort((a, b) => a - b);
  const quantile = (q: number) => took[Math.min(took.length - 1, Math.floor(took.length * q))] ?? 0;
  return {
    perSecond: submits / seconds,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    cpuMs: (user + system) / 1000 / submits,
  };
}

const print = (what: string, { perSecond, p50Ms, p99Ms, cpuMs }: Figures) =>
  console.log(
    `${what.padEnd(28)} ${perSecond.toFixed(0).padStart(6)}/s   p50 ${p50Ms.toFixed(1)} ms   p99 ${p99Ms.toFixed(1)} ms   ${cpuMs.toFixed(2)} ms CPU each`,
  );

const OFF = { quotaJobs: Number.POSITIVE_INFINITY, ratePerSecond: Number.POSITIVE_INFINITY };
const submitTo = (under: StoreUnderTest, tenant: string) => () =>
  under.store.submit(
    newJob(under, 1, { tenant, project: 'shop', idempotency: { key: `${Math.random()}`, requestHash: 'h' } }),
    (job) => JSON.stringify(job),
  );

/** Sends recorded calls to a table of their own. */
async function bare(calls: readonly Call[]): Promise<Figures> {
  const emulator = await startDynamoDb();
  const credentials = { accessKeyId: 'TESTKEY', secretAccessKey: 'test-secret' };
  const client = new DynamoDBClient({ endpoint: emulator.endpoint, region: 'eu-central-1', credentials });
  const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  await createTable(client, 'scanfleet-test');
  const gets = calls.filter(({ operation }) => operation === 'GetItem');
  const writes = calls.filter(({ operation }) => operation === 'TransactWriteItems');
  const figures = await measure(async (n) => {
    await documents.send(new GetCommand(gets[n]?.input as GetCommandInput));
    await documents.send(new TransactWriteCommand(writes[n]?.input as TransactWriteCommandInput));
  });
  client.destroy();
  await emulator.close();
  return figures;
}

async function submitFigures(): Promise<void> {
  const under = await startStore(OFF);
  await measure(submitTo(under, newTenant())); // Warms up.
  under.calls.length = 0;
  const store = await measure(submitTo(under, newTenant()));
  const calls = under.calls.splice(0);
  print('store.submit', store);
  const reference = await bare(calls);
  print('the same calls, bare', reference);
  console.log(`${''.padEnd(28)} ${((100 * store.perSecond) / reference.perSecond).toFixed(0)} % of bare`);
  print(`store.submit, ${RATE_PER_SECOND}/s`, await measure(submitTo(under, newTenant()), RATE_PER_SECOND));
  await under.close();
}

/** Each task on a host of its own, as a worker does it; without heartbeats. */
async function callsOfJob(under: StoreUnderTest, tasks: number): Promise<string> {
  under.calls.length = 0;
  const submitted = await under.store.submit(newJob(under, tasks), () => '{}');
  const messages: TaskRef[] = submitted.outcome === 'created' ? [...submitted.released] : [];
  const queue = { send: async (refs: readonly TaskRef[]) => void messages.push(...refs) };
  const deps = { jobs: under.store, queue, events: { jobFinished: async () => undefined } };
  for (let ref = messages.shift(); ref !== undefined; ref = messages.shift()) {
    const { held } = await claimTask(under, ref);
    const job = await readJob(under, ref.jobId);
    await under.store.start(job, 'worker/1');
    const host = [`${ref.jobId}-${ref.taskId}`];
    await under.store.lockHosts(held, host);
    await endTask(deps, held, { status: 'completed', result: aResult() }, host);
  }
  const count = (...operations: string[]) =>
    under.calls.filter(({ operation }) => operations.includes(operation)).length / tasks;
  const items = under.calls.reduce(
    (sum, { operation, input }) =>
      sum + (operation === 'UpdateItem' ? 1 : ((input.TransactItems as unknown[] | undefined)?.length ?? 0)),
    0,
  );
  const writes = count('UpdateItem', 'TransactWriteItems');
  return `${String(tasks).padStart(5)} tasks: ${writes.toFixed(2)} write calls a task (${(items / tasks).toFixed(1)} items), 2 of them host locks; ${count('GetItem', 'Query', 'BatchGetItem').toFixed(2)} reads`;
}

await submitFigures();
const under = await startStore();
for (const tasks of [1, 10, 95, 1_000]) console.log(await callsOfJob(under, tasks));
await under.close();
