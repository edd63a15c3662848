/** Reading a job on behalf of somebody. */
import type { Caller } from '../caller.ts';
import type { JobView } from '../contracts/job.ts';
import { ConflictError, CorruptError, NotFoundError } from '../errors.ts';
import type { Results } from '../finding/results.ts';
import { isTerminal } from '../status.ts';
import type { Task } from '../task/task.ts';
import type { Job, StoredSpec } from './job.ts';
import type { JobStore } from './store.ts';
import { readShownTargets } from './targets.ts';
import { jobSummaryView, jobView } from './view.ts';

/** A job with all its tasks in order of number. */
export interface JobRecords {
  readonly job: Job;
  readonly spec: StoredSpec;
  readonly tasks: readonly Task[];
}

/** NotFoundError for a job that is not there and for another tenant's alike: which of the two must not show. Admins see every job. */
export async function readVisibleJob(
  jobs: Pick<JobStore, 'readJob'>,
  caller: Pick<Caller, 'tenant' | 'admin'>,
  jobId: string,
): Promise<Job> {
  const job = await jobs.readJob(jobId);
  if (job !== undefined && (caller.admin || job.tenant === caller.tenant)) return job;
  throw new NotFoundError('job_not_found', `there is no job ${jobId}`);
}

/** Throws CorruptError for a job without its spec: the two are written together. */
export async function readSpecOf(jobs: Pick<JobStore, 'readSpec'>, { jobId }: Pick<Job, 'jobId'>): Promise<StoredSpec> {
  const spec = await jobs.readSpec(jobId);
  if (spec === undefined) throw new CorruptError('job_spec', `job ${jobId} has no spec`);
  return spec;
}

export async function readRecords(jobs: Pick<JobStore, 'readSpec' | 'readTasks'>, job: Job): Promise<JobRecords> {
  const [spec, tasks] = await Promise.all([readSpecOf(jobs, job), jobs.readTasks(job.jobId)]);
  return { job, spec, tasks };
}

/** The job as the API shows it; with its tasks, where they were read. */
export async function viewOf(
  results: Pick<Results, 'read'>,
  { job, spec, tasks }: Pick<JobRecords, 'job' | 'spec'> & Partial<JobRecords>,
): Promise<JobView> {
  return jobView(job, { ...spec, targets: await readShownTargets(results, job, spec) }, tasks);
}

/** The records of a job that has ended, which a report is made from. ConflictError `job_not_finished` before. */
export async function readEndedRecords(
  jobs: Pick<JobStore, 'readJob' | 'readSpec' | 'readTasks'>,
  caller: Pick<Caller, 'tenant' | 'admin'>,
  jobId: string,
): Promise<JobRecords> {
  const job = await readVisibleJob(jobs, caller, jobId);
  if (isTerminal(job.status)) return readRecords(jobs, job);
  const { percent } = jobSummaryView(job);
  throw new ConflictError(
    'job_not_finished',
    `the job is ${job.status} (${percent} %); it has a report when it has ended`,
  );
}
