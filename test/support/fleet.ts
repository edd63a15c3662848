/** Jobs, queues and results on the embedded emulators, with workers in this process or in processes of their own, for tests of the worker. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { v7 as uuidv7 } from 'uuid';
import { systemClock } from '#containers/scan-worker/clock.ts';
import type { WorkerDeps } from '#containers/scan-worker/deps.ts';
import { jobWorkReader } from '#containers/scan-worker/job-work.ts';
import { workLoop } from '#containers/scan-worker/loop.ts';
import { runMessage } from '#containers/scan-worker/run-task.ts';
import type { Scanner } from '#containers/scan-worker/scanner.ts';
import { workerTime } from '#containers/scan-worker/worker-time.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { s3Results } from '#shared/aws/results.ts';
import { sqsTaskQueue } from '#shared/aws/task-queue.ts';
import type { Events } from '#shared/events.ts';
import { POLICY_KEY, type Results } from '#shared/finding/results.ts';
import type { Job } from '#shared/job/job.ts';
import type { JobStore, NewJob } from '#shared/job/store.ts';
import { DEFAULT_LIMITS, type Limits } from '#shared/limits.ts';
import { collect } from '#shared/report/bytes.ts';
import type { ScannerName } from '#shared/scanner/definition.ts';
import { isTerminal } from '#shared/status.ts';
import type { Denials } from '#shared/target/denials.ts';
import type { MaintenanceWindow } from '#shared/target/maintenance-window.ts';
import { parseTarget } from '#shared/target/parse.ts';
import { planTasks } from '#shared/target/plan.ts';
import { readPolicy } from '#shared/target/policy.ts';
import type { ReceivedMessage, TaskQueue } from '#shared/task/queue.ts';
import type { Task } from '#shared/task/task.ts';
import { type Emulators, startEmulators, TEST_REGION } from './emulators.ts';
import { SECRETS } from './nessus-pool.ts';
import { silentLog } from './silent-log.ts';

/** Quick enough for tests, and in the proportions of the defaults. */
export const TEST_LIMITS: Limits = {
  ...DEFAULT_LIMITS,
  leaseSeconds: 2,
  heartbeatSeconds: 0.5,
  cancelCheckSeconds: 0.1,
  sweepSeconds: 0.5,
  backoffSeconds: 0,
};
const TENANT = '111111111111';

export interface SubmitChanges {
  readonly scanner?: ScannerName;
  /** The segment of a submit that X-Ray samples. */
  readonly traceParent?: string;
  readonly deadlineSeconds?: number;
  readonly maxCostNanoUsd?: number;
  readonly options?: Readonly<Record<string, unknown>>;
  /** Of all tasks. */
  readonly window?: MaintenanceWindow;
}

export interface RunningWorker {
  /** Aborts the loop as a SIGTERM would; resolves when it has ended. */
  shutDown(): Promise<void>;
}

export interface Fleet {
  readonly jobs: JobStore;
  readonly queue: TaskQueue;
  readonly results: Results;
  /** Jobs whose end was announced. */
  readonly announced: readonly string[];
  /** Targets that were denied, as the bus was told. */
  readonly denied: readonly Denials[];
  /** A directory for what tests and scanners exchange. */
  readonly directory: string;
  /** The whole environment of a worker process, but for credentials. */
  readonly environment: Readonly<Record<string, string>>;
  /** A job for the scanner nmap, or whatever stands in for it, unless another is named. */
  submit(targets: readonly string[], changes?: SubmitChanges): Promise<Job>;
  work(scanner: Scanner, changes?: Partial<WorkerDeps>): RunningWorker;
  /** A worker in a process of its own, with test/support/worker-process.ts for an entry. */
  spawnWorker(...scannerArgs: string[]): ChildProcess;
  /** Sweeps the job until it has ended. */
  sweepUntilEnded(jobId: string): Promise<Job>;
  /** Waits until the job has ended. */
  ended(jobId: string): Promise<Job>;
  /** Waits until a task of the job is as `is` says. */
  task(jobId: string, is: (task: Task) => boolean): Promise<Task>;
  /** The text of an object, unzipped if its name says so. */
  read(key: string): Promise<string>;
  close(): Promise<void>;
}

export async function startFleet(): Promise<Fleet> {
  const emulators = await startEmulators();
  const { table, bucket, queueUrls } = emulators;
  const directory = await mkdtemp(join(tmpdir(), 'scanfleet-fleet-'));
  const { now } = systemClock;
  const jobs = dynamoJobStore({ client: emulators.dynamodb, table, limits: TEST_LIMITS, now });
  const queue = sqsTaskQueue(emulators.sqs, queueUrls);
  const results = s3Results(emulators.s3, bucket);
  await results.write(POLICY_KEY, Buffer.from(JSON.stringify(LOOPBACK_POLICY)), 'application/yaml');
  const environment = { ...workerEnvironment(emulators), TMPDIR: directory };
  const announced: string[] = [];
  const denied: Denials[] = [];
  const events: Events = {
    jobSubmitted: async () => undefined,
    jobFinished: async ({ jobId }) => void announced.push(jobId),
    reportRequested: async () => undefined,
    targetsDenied: async (denials) => void denied.push(denials),
  };
  const shutdowns = new Set<() => Promise<void>>();
  const children = new Set<ChildProcess>();
  const ended = (jobId: string) =>
    until(
      async () => jobs.readJob(jobId),
      (job) => job !== undefined && isTerminal(job.status),
    ) as Promise<Job>;

  return {
    jobs,
    queue,
    results,
    announced,
    denied,
    directory,
    environment,
    ended,
    async submit(targets, changes = {}) {
      const submitted = await jobs.submit(newJob(targets, changes, now()), () => '{}');
      if (submitted.outcome !== 'created') throw new Error('not a new job');
      await queue.send(submitted.released);
      return submitted.job;
    },
    work(scanner, changes = {}) {
      const shutdown = new AbortController();
      const deps: WorkerDeps = {
        worker: `worker-${shutdowns.size + 1}`,
        size: 'small',
        jobs,
        queue,
        results,
        events,
        work: jobWorkReader({ jobs, results }),
        scanners: new Map([[scanner.name, scanner]]),
        policy: async () => readPolicy(LOOPBACK_POLICY, 'allow'),
        resolve: async () => ['127.0.0.1'],
        clock: systemClock,
        time: workerTime(systemClock),
        limits: TEST_LIMITS,
        random: Math.random,
        log: silentLog,
        record: () => undefined,
        traces: { send: async () => undefined },
        temporary: directory,
        ...changes,
      };
      const run = (message: ReceivedMessage) => runMessage(deps, message, shutdown.signal);
      const loop = workLoop({ ...deps, run }, shutdown.signal);
      const shutDown = async () => {
        shutdown.abort();
        await loop;
      };
      shutdowns.add(shutDown);
      return { shutDown };
    },
    spawnWorker(...scannerArgs) {
      const child = spawn(process.execPath, [WORKER_PROCESS, ...scannerArgs], {
        env: environment,
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      children.add(child);
      return child;
    },
    async sweepUntilEnded(jobId) {
      const swept = async () => {
        const { send, finished } = await jobs.sweepJob(jobId);
        await queue.send(send);
        if (finished) announced.push(finished.jobId);
        return jobs.readJob(jobId);
      };
      return (await until(swept, (job) => job !== undefined && isTerminal(job.status))) as Job;
    },
    async task(jobId, is) {
      const first = async () => (await jobs.readTasks(jobId))[0];
      return (await until(first, (task) => task !== undefined && is(task))) as Task;
    },
    async read(key) {
      const bytes = await collect(results.read(key));
      return (key.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
    },
    async close() {
      await Promise.all([...shutdowns].map((shutDown) => shutDown()));
      for (const child of children) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      await rm(directory, { recursive: true, force: true, maxRetries: 10 });
      await emulators.close();
    },
  };
}

const WORKER_PROCESS = fileURLToPath(new URL('./worker-process.ts', import.meta.url));
const LOOPBACK_POLICY = { allow: [{ cidr: '127.0.0.0/8', reason: 'tests scan this machine' }] };

const workerEnvironment = ({ table, bucket, queueUrls, endpoints }: Emulators): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  AWS_REGION: TEST_REGION,
  AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
  AWS_ENDPOINT_URL_SQS: endpoints.sqs,
  AWS_ENDPOINT_URL_S3: endpoints.s3,
  JOB_TABLE: table,
  RESULTS_BUCKET: bucket,
  TASK_QUEUE_URL_SMALL: queueUrls.small,
  TASK_QUEUE_URL_LARGE: queueUrls.large,
  EVENT_BUS: 'scanfleet-test',
  WORKER_SIZE: 'small',
  LOOPBACK_TARGETS: 'allow',
  SECRETS_FROM: 'environment',
  ...SECRETS,
});

function newJob(
  targets: readonly string[],
  { scanner = 'nmap', deadlineSeconds = 600, options = {}, window, traceParent, maxCostNanoUsd }: SubmitChanges,
  now: Date,
): NewJob {
  const scanners = [{ name: scanner, options }];
  const job: NewJob['job'] = {
    jobId: uuidv7(),
    tenant: TENANT,
    createdBy: `${TENANT}/tester`,
    scanners: [scanner],
    profile: 'full',
    priority: 'normal',
    traceId: '1-67891233-abcdef012345678912345678',
    ...(traceParent === undefined ? {} : { traceParent }),
    ...(maxCostNanoUsd === undefined ? {} : { maxCostNanoUsd }),
    createdAt: now.toISOString(),
    deadlineSeconds,
  };
  return {
    job,
    spec: { targets, scanners, labels: {} },
    tasks: planTasks(targets.map(parseTarget), scanners, TEST_LIMITS).map((task) => ({
      ...task,
      ...(window === undefined ? {} : { window }),
    })),
  };
}

const POLL_MS = 50;
const PATIENCE_MS = 30_000;

/** Looks until what it sees is right. Throws with what it last saw. */
async function until<T>(look: () => Promise<T>, isRight: (seen: T) => boolean): Promise<T> {
  const endMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const seen = await look();
    if (isRight(seen)) return seen;
    if (performance.now() > endMs) throw new Error(`still ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
