/** The jobs that are drained, as POST /jobs would submit them: listed hosts, one task for each. */
import { v7 as uuidv7 } from 'uuid';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { s3Results } from '#shared/aws/results.ts';
import { sqsTaskQueue } from '#shared/aws/task-queue.ts';
import { POLICY_KEY } from '#shared/finding/results.ts';
import type { PlannedTask } from '#shared/job/job.ts';
import type { NewJob } from '#shared/job/store.ts';
import { storeTargets } from '#shared/job/targets.ts';
import type { Limits } from '#shared/limits.ts';
import type { Emulators } from '#test/support/emulators.ts';

export interface BenchJob {
  readonly jobId: string;
  readonly tasks: number;
  /** The first two numbers of its addresses: no two jobs wait for each other's hosts. */
  readonly net: string;
}

const FIRST_NET = 100;
const TENANT = '111111111111';
const POLICY = 'allow: [{ cidr: 127.0.0.0/8, reason: a benchmark }]';

/** 100 at most. */
export const newJobs = (count: number, tasks: number): BenchJob[] =>
  Array.from({ length: count }, (_, index) => ({ jobId: uuidv7(), tasks, net: `127.${FIRST_NET + index}` }));

export async function submit(
  emulators: Emulators,
  jobs: readonly BenchJob[],
  limits: Limits,
  now: () => Date,
): Promise<void> {
  const { dynamodb, sqs, s3, table, bucket, queueUrls } = emulators;
  const store = dynamoJobStore({ client: dynamodb, table, limits, now });
  const results = s3Results(s3, bucket);
  await results.write(POLICY_KEY, Buffer.from(POLICY), 'application/yaml');
  for (const job of jobs) {
    const newJob = describe(job, now());
    await storeTargets(results, newJob.job, newJob.spec.targets);
    const submitted = await store.submit(newJob, () => '{}');
    if (submitted.outcome !== 'created') throw new Error('not a new job');
    await sqsTaskQueue(sqs, queueUrls).send(submitted.released);
  }
}

function describe({ jobId, tasks, net }: BenchJob, now: Date): NewJob {
  const targets = Array.from({ length: tasks }, (_, n) => `${net}.${n >> 8}.${n & 255}`);
  const job: NewJob['job'] = {
    jobId,
    tenant: TENANT,
    createdBy: `${TENANT}/bench`,
    scanners: ['nmap'],
    profile: 'full',
    priority: 'normal',
    traceId: '1-67891233-abcdef012345678912345678',
    createdAt: now.toISOString(),
    deadlineSeconds: 3_600,
  };
  const planned = targets.map(
    (_, from): PlannedTask => ({ scanner: 'nmap', workerSize: 'small', slice: { from, count: 1 } }),
  );
  return { job, spec: { targets, scanners: [{ name: 'nmap', options: {} }], labels: {} }, tasks: planned };
}
