/** Reading a job on behalf of somebody. */
import type { Caller } from '../caller.ts';
import { concurrently } from '../concurrently.ts';
import type { JobView } from '../contracts/job.ts';
import { ConflictError, CorruptError, NotFoundError, ValidationError } from '../errors.ts';
import type { Results } from '../finding/results.ts';
import { isRoot, isSettled, readWholeTree, type WholeTree } from '../follow-up/tree.ts';
import { followUpsView } from '../follow-up/tree-view.ts';
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

/** A first job with all that followed from it, in order of time. */
export interface TreeRecords extends JobRecords {
  readonly whole: WholeTree;
  readonly followed: readonly JobRecords[];
}

/** What a report is made from: one job, or a tree of them. */
export type ReportRecords = JobRecords & Partial<TreeRecords>;

/** The jobs of a report, the first one first. */
export const partsOf = (records: ReportRecords): readonly JobRecords[] => [records, ...(records.followed ?? [])];

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

/** The job as the API shows it; with its tasks, and with what followed from it, where they were read. */
export async function viewOf(
  results: Pick<Results, 'read'>,
  { job, spec, tasks, whole }: Pick<JobRecords, 'job' | 'spec'> & Partial<TreeRecords>,
): Promise<JobView> {
  const view = jobView(job, { ...spec, targets: await readShownTargets(results, job, spec) }, tasks);
  return whole === undefined ? view : { ...view, followUps: followUpsView(whole) };
}

/** What followed from a first job, for its view; of any other nothing. */
export async function readFollowed(
  jobs: Pick<JobStore, 'readTree' | 'readJobs'>,
  job: Job,
): Promise<{ readonly whole?: WholeTree }> {
  const whole = isRoot(job) ? await readWholeTree(jobs, job.jobId) : undefined;
  return whole === undefined ? {} : { whole };
}

/** The records of a job that has ended, which a report is made from. ConflictError `job_not_finished` before. */
async function readEndedRecords(
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

/**
 * The same; with `tree`, of all that followed from it too. ValidationError for a job inside a tree; ConflictError `job_not_finished` while
 * anything of it is open.
 */
export async function readReportRecords(
  jobs: Pick<JobStore, 'readJob' | 'readSpec' | 'readTasks' | 'readTree' | 'readJobs'>,
  caller: Pick<Caller, 'tenant' | 'admin'>,
  jobId: string,
  tree: boolean,
): Promise<ReportRecords> {
  const records = await readEndedRecords(jobs, caller, jobId);
  const { rootJobId = jobId } = records.job;
  if (!tree) return records;
  if (rootJobId !== jobId)
    throw new ValidationError([
      { field: 'tree', message: `is for the first job, ${rootJobId}: this one followed from it` },
    ]);
  const { whole } = await readFollowed(jobs, records.job);
  if (whole === undefined) return records;
  if (!isSettled(whole)) throw new ConflictError('job_not_finished', 'jobs that follow from it have not ended');
  return { ...records, whole, followed: await readFollowedRecords(jobs, whole) };
}

/** Jobs whose records are read at once. */
const AT_ONCE = 8;

export async function readFollowedRecords(
  jobs: Pick<JobStore, 'readSpec' | 'readTasks'>,
  { jobs: [, ...followed] }: WholeTree,
): Promise<readonly JobRecords[]> {
  const records: JobRecords[] = [];
  for await (const read of concurrently(followed, AT_ONCE, (job) => readRecords(jobs, job))) records.push(read);
  return records;
}
