/**
 * How fast workers drain a queue, and what a task costs: jobs of tasks for a scanner that does nothing (a process that ends at once),
 * worked off by real worker processes on the embedded DynamoDB, SQS and S3; beside it the same calls made bare by as many processes, as
 * they were recorded from one job before. Each number of workers has emulators of its own, and so has each bare run, straight after it.
 *
 *   node test/bench/drain.ts [--jobs 10] [--tasks 1000] [--workers 1,2,4] [--slots 5] [--window 100000] [--profile DIRECTORY]
 *
 * A run lasts from the first claim to the end of the last job. A task is over before progress or a heartbeat is due. With a window that
 * does not hold all tasks there is nothing bare beside it: who releases what then depends on who ends first.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import type { Job } from '#shared/job/job.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { isTerminal } from '#shared/status.ts';
import { type Emulators, startEmulators, TEST_REGION } from '#test/support/emulators.ts';
import type { BareTold } from './drain/bare.ts';
import { type Figures, perSecond, print, sum, type Told } from './drain/figures.ts';
import { type BenchJob, newJobs, submit } from './drain/jobs.ts';

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '10' },
    tasks: { type: 'string', default: '1000' },
    workers: { type: 'string', default: '1,2,4' },
    slots: { type: 'string', default: '5' },
    window: { type: 'string', default: '100000' },
    profile: { type: 'string' },
  },
});
const bounded = (text: string, max: number) => Math.min(max, Math.max(1, Math.floor(Number(text)) || 1));
const jobCount = bounded(values.jobs, 99);
const tasksPerJob = bounded(values.tasks, 1_000);
const slots = bounded(values.slots, 64);
const workerCounts = values.workers.split(',').map((text) => bounded(text, 16));

const SETTINGS = {
  SCANFLEET_RATE_LIMIT: 'off',
  SCANFLEET_QUOTA: 'off',
  SCANFLEET_WINDOW: values.window,
  SCANFLEET_WORKER_SLOTS: String(slots),
};
const limits = limitsFromEnv(SETTINGS);
const POLL_MS = 250;

function start(file: 'worker.ts' | 'bare.ts', emulators: Emulators, args: readonly string[]): ChildProcess {
  const { table, bucket, queueUrls, endpoints } = emulators;
  return fork(join(import.meta.dirname, 'drain', file), args, {
    // A worker's log is written, and read by nobody.
    stdio: ['ignore', 'ignore', file === 'worker.ts' ? 'ignore' : 'inherit', 'ipc'],
    execArgv: values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`],
    env: {
      ...SETTINGS,
      PATH: process.env.PATH ?? '',
      AWS_REGION: TEST_REGION,
      AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
      AWS_ENDPOINT_URL_SQS: endpoints.sqs,
      AWS_ENDPOINT_URL_S3: endpoints.s3,
      JOB_TABLE: table,
      RESULTS_BUCKET: bucket,
      TASK_QUEUE_URL_SMALL: queueUrls.small,
      TASK_QUEUE_URL_LARGE: queueUrls.large,
      EVENT_BUS: 'scanfleet-bench',
      WORKER_SIZE: 'small',
      LOOPBACK_TARGETS: 'allow',
    },
  });
}

async function told<T extends Told>(child: ChildProcess): Promise<T> {
  const message = once(child, 'message');
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`a process ended with ${code}`);
  return ((await message) as [T])[0];
}

/** Submits the jobs to emulators of their own, and has `use` work them off. */
async function withJobs(
  jobs: readonly BenchJob[],
  now: () => Date,
  use: (emulators: Emulators, children: ChildProcess[]) => Promise<Told & { readonly seconds: number }>,
): Promise<Figures> {
  const emulators = await startEmulators();
  const children: ChildProcess[] = [];
  try {
    await submit(emulators, jobs, limits, now);
    const before = process.cpuUsage();
    const used = await use(emulators, children);
    const { user, system } = process.cpuUsage(before);
    const tasks = jobs.reduce((total, job) => total + job.tasks, 0);
    return { ...used, tasks, emulatorsCpuMs: (user + system) / 1_000 };
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await emulators.close();
  }
}

/** `file`: where the calls are recorded, if they are. */
const drain = (jobs: readonly BenchJob[], workers: number, now: () => Date, file?: string): Promise<Figures> =>
  withJobs(jobs, now, async (emulators, children) => {
    for (let n = 0; n < workers; n += 1) children.push(start('worker.ts', emulators, file ? [file] : []));
    const telling = Promise.all(children.map((child) => told(child)));
    const ended = await Promise.race([allEnded(emulators, jobs), telling.then(() => [])]);
    for (const child of children) child.kill('SIGTERM');
    if (ended.length === 0 || ended.some(({ status }) => status !== 'completed'))
      throw new Error('not all jobs were completed');
    const firstMs = Math.min(...ended.map(({ startedAt = '' }) => Date.parse(startedAt)));
    const lastMs = Math.max(...ended.map(({ finishedAt = '' }) => Date.parse(finishedAt)));
    return { ...sum(await telling), seconds: (lastMs - firstMs) / 1_000 };
  });

async function allEnded({ dynamodb, table }: Emulators, jobs: readonly BenchJob[]): Promise<Job[]> {
  const store = dynamoJobStore({ client: dynamodb, table, limits, now: () => new Date() });
  const ended: Job[] = [];
  for (const { jobId } of jobs)
    for (;;) {
      const job = await store.readJob(jobId);
      if (job !== undefined && isTerminal(job.status)) {
        ended.push(job);
        break;
      }
      await delay(POLL_MS);
    }
  return ended;
}

interface Recording {
  readonly file: string;
  readonly job: BenchJob;
  /** What the recorded conditions take for the time of the submit. */
  readonly submittedAt: Date;
}

/** Of a job that is none of those to be drained. */
async function record(folder: string): Promise<Recording> {
  const submittedAt = new Date();
  const [job] = newJobs(jobCount + 1, tasksPerJob).slice(-1) as [BenchJob];
  const file = join(folder, 'calls.ndjson');
  await drain([job], 1, () => submittedAt, file);
  return { file, job, submittedAt };
}

/** The jobs are dealt out to the processes. */
const drainBare = ({ file, job, submittedAt }: Recording, jobs: readonly BenchJob[], processes: number) =>
  withJobs(
    jobs,
    () => submittedAt,
    async (emulators, children) => {
      const word = ({ jobId, net }: BenchJob) => `${jobId}=${net}`;
      for (let n = 0; n < processes; n += 1) {
        const dealt = jobs.filter((_, index) => index % processes === n).map(word);
        children.push(start('bare.ts', emulators, [file, word(job), String(slots), ...dealt]));
      }
      const all = await Promise.all(children.map((child) => told<BareTold>(child)));
      const firstMs = Math.min(...all.map(({ startedMs }) => startedMs));
      const lastMs = Math.max(...all.map(({ endedMs }) => endedMs));
      return { ...sum(all), seconds: (lastMs - firstMs) / 1_000 };
    },
  );

const load = () => `load average ${loadavg()[0]?.toFixed(1)}`;
const settings = Object.entries(SETTINGS).map(([name, value]) => `${name}=${value}`);
console.log(`${jobCount} jobs of ${tasksPerJob} tasks; ${settings.join(' ')}; ${load()} before`);
const folder = await mkdtemp(join(tmpdir(), 'scanfleet-drain-'));
try {
  const recording = limits.windowTasks < jobCount * tasksPerJob ? undefined : await record(folder);
  for (const workers of workerCounts) {
    const drained = await drain(newJobs(jobCount, tasksPerJob), workers, () => new Date());
    print(`${workers} worker processes`, drained);
    if (recording === undefined) continue;
    const bare = await drainBare(recording, newJobs(jobCount, tasksPerJob), workers);
    print(`${workers} bare processes`, bare);
    const percent = (100 * perSecond(drained)) / perSecond(bare);
    console.log(`    the workers drain at ${percent.toFixed(0)} % of bare; ${load()} after`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
