/**
 * How many submits a second the local service takes, and how fast: signed POST /jobs through the gateway into DynamoDB and SQS, and beside
 * it the same DynamoDB and SQS calls made bare, by as many processes (one of Node that holds SQS too, one of DynamoDB), in the same
 * minutes. Rate and quota are off, workers held, the store ephemeral.
 *
 *   node test/bench/submit-path.ts [--rate 200] [--seconds 60] [--saturation-seconds 10] [--concurrency 32]
 *
 * Open loop: requests leave on schedule whether or not earlier ones were answered, and a latency counts from the scheduled instant.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient, GetCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { AwsClient } from 'aws4fetch';
import { v7 as uuidv7 } from 'uuid';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { sqsTaskQueue } from '#shared/aws/task-queue.ts';
import { SubmitJobRequest } from '#shared/contracts/submit-job.ts';
import { windowedTargets } from '#shared/contracts/windowed-targets.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { planTasks } from '#shared/target/plan.ts';
import { startEmulators } from '#test/support/emulators.ts';
import { type RunningService, startService } from '#test/support/service.ts';

const OFF = {
  SCANFLEET_RATE_LIMIT: 'off',
  SCANFLEET_QUOTA: 'off',
  SCANFLEET_WINDOW: '100000',
  SCANFLEET_MAX_WORKERS: '0',
  SCANFLEET_SWEEP_SECONDS: '60',
};
const REQUEST = { targets: ['127.0.0.1'], scanners: [{ name: 'nmap', options: { ports: '1-1024' } }], name: 'bench' };
const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '60' },
    'saturation-seconds': { type: 'string', default: '10' },
    concurrency: { type: 'string', default: '32' },
    bare: { type: 'boolean', default: false },
  },
});
const bounded = (text: string, max: number) => Math.min(max, Math.max(1, Math.floor(Number(text)) || 1));
const rate = bounded(values.rate, 2_000);
const seconds = bounded(values.seconds, 120);
const saturationSeconds = bounded(values['saturation-seconds'], 60);
const concurrency = bounded(values.concurrency, 256);

interface Signed {
  readonly headers: Record<string, string>;
}

/** Signed before the clock runs: what the client's own signing costs is not the service's. A signature holds for 5 minutes. */
async function sign({ endpoint, region, as }: RunningService, count: number): Promise<Signed[]> {
  const client = new AwsClient({ ...as('acme'), region, service: 'execute-api' });
  const signed: Signed[] = [];
  for (let at = 0; at < count; at += 1) {
    const body = JSON.stringify(REQUEST);
    const headers = { 'content-type': 'application/json', 'idempotency-key': uuidv7() };
    const request = await client.sign(`${endpoint}/jobs`, { method: 'POST', headers, body });
    signed.push({ headers: Object.fromEntries(request.headers) });
  }
  return signed;
}

const agent = new Agent({ keepAlive: true, maxSockets: 512 });

/** Sends one; its status, or 0 when there was no answer. */
function send(endpoint: string, { headers }: Signed): Promise<number> {
  return new Promise((resolve) => {
    const message = httpRequest(`${endpoint}/jobs`, { method: 'POST', headers, agent }, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
    });
    message.once('error', () => resolve(0));
    message.end(JSON.stringify(REQUEST));
  });
}

async function openLoop(service: RunningService): Promise<void> {
  const requests = await sign(service, rate * seconds);
  const latencies: number[] = [];
  const errors = new Map<number, number>();
  const startedAt = performance.now();
  const under = requests.map(async (signed, index) => {
    const dueMs = (index / rate) * 1_000;
    await delay(dueMs);
    const status = await send(service.endpoint, signed);
    latencies.push(performance.now() - startedAt - dueMs);
    if (status !== 201) errors.set(status, (errors.get(status) ?? 0) + 1);
  });
  await Promise.all(under);
  latencies.sort((a, b) => a - b);
  const at = (share: number) =>
    (latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] as number).toFixed(1);
  const failed = [...errors].map(([status, count]) => `${count} x ${status}`).join(', ') || 'none';
  console.log(
    `gateway, ${rate}/s for ${seconds} s: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms; errors: ${failed}`,
  );
}

/** Runs `one` at `concurrency` for the time given; how often it ran each second. */
async function saturate(one: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  const endsAt = startedAt + saturationSeconds * 1_000;
  let done = 0;
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (performance.now() < endsAt) {
        await one();
        done += 1;
      }
    }),
  );
  return done / ((performance.now() - startedAt) / 1_000);
}

async function saturateGateway(service: RunningService): Promise<number> {
  const requests = await sign(service, 3_000 * saturationSeconds);
  let failed = 0;
  const perSecond = await saturate(async () => {
    const next = requests.pop();
    if (next === undefined) throw new Error('more requests were taken than were signed');
    if ((await send(service.endpoint, next)) !== 201) failed += 1;
  });
  console.log(`gateway, saturated (${concurrency} at once): ${perSecond.toFixed(0)}/s; errors: ${failed}`);
  return perSecond;
}

/** The calls that one submit makes, as recorded from the real store and queue, made again and again with new ids by the SDK alone. */
async function bare(): Promise<void> {
  const { dynamodb, sqs, table, queueUrls, close } = await startEmulators();
  const recorded: { name: string; input: object }[] = [];
  const record =
    <Args extends { input: object }, Result>(
      next: (args: Args) => Promise<Result>,
      context: { commandName?: string },
    ) =>
    (args: Args) => {
      recorded.push({ name: context.commandName ?? '', input: args.input });
      return next(args);
    };
  dynamodb.middlewareStack.add(record, { step: 'serialize', priority: 'high', name: 'record' });
  sqs.middlewareStack.add(record, { step: 'serialize', priority: 'high', name: 'record' });
  const limits = limitsFromEnv(OFF);
  const store = dynamoJobStore({ client: dynamodb, table, limits, now: () => new Date() });
  const request = SubmitJobRequest.parse(REQUEST);
  const { scanners, profile, priority } = request;
  const targets = windowedTargets(request);
  const [jobId, key] = [uuidv7(), uuidv7()];
  const spec = { targets: targets.map(({ text }) => text), scanners, labels: {} };
  const job = { jobId, tenant: 'acme', createdBy: '000000000000/acme', scanners: ['nmap' as const], profile, priority };
  const submitted = await store.submit(
    {
      job: { ...job, traceId: 'bench', createdAt: new Date().toISOString(), deadlineSeconds: 3_600 },
      spec,
      tasks: planTasks(targets, scanners, limits),
      idempotency: { key, requestHash: 'h'.repeat(64) },
    },
    (stored) => JSON.stringify({ ...stored, spec }),
  );
  if (submitted.outcome !== 'created') throw new Error('the recorded submit made no job');
  await sqsTaskQueue(sqs, queueUrls).send(submitted.released);
  dynamodb.middlewareStack.remove('record');
  sqs.middlewareStack.remove('record');
  const calls = recorded.map(({ name, input }) => ({
    name,
    json: JSON.stringify({ ...input, ClientRequestToken: undefined }),
  }));
  const documents = DynamoDBDocumentClient.from(dynamodb);
  const perSecond = await saturate(async () => {
    const [newJob, newKey] = [uuidv7(), uuidv7()];
    for (const { name, json } of calls) {
      const input = JSON.parse(json.replaceAll(jobId, newJob).replaceAll(key, newKey));
      if (name === 'SendMessageBatchCommand') await sqs.send(new SendMessageBatchCommand(input));
      else if (name === 'TransactWriteItemsCommand') await documents.send(new TransactWriteCommand(input));
      else await documents.send(new GetCommand(input));
    }
  });
  process.send?.({ perSecond, calls: calls.map(({ name }) => name.replace('Command', '')) });
  await close();
}

async function bareInItsOwnProcess(): Promise<number> {
  const child = fork(import.meta.filename, ['--bare', ...process.argv.slice(2)]);
  const [{ perSecond, calls }] = (await once(child, 'message')) as [{ perSecond: number; calls: string[] }];
  await once(child, 'exit');
  console.log(`bare, saturated (${concurrency} at once): ${perSecond.toFixed(0)}/s of ${calls.join(' + ')}`);
  return perSecond;
}

if (values.bare) await bare();
else {
  console.log(
    `settings: ${Object.entries(OFF)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ')}, ephemeral store`,
  );
  const service = await startService({ env: OFF });
  try {
    await openLoop(service);
    const through = await saturateGateway(service);
    await service.stop();
    const beside = await bareInItsOwnProcess();
    console.log(`gateway / bare: ${((100 * through) / beside).toFixed(0)} %`);
  } finally {
    await service.stop();
    agent.destroy();
  }
}
