/** What a job is to scan. It never changes, and a worker gets many tasks of one job: so it is read once and kept for the next of them. */
import { CorruptError } from '#shared/errors.ts';
import type { Results } from '#shared/finding/results.ts';
import type { Job } from '#shared/job/job.ts';
import type { JobStore } from '#shared/job/store.ts';
import { readTargets } from '#shared/job/targets.ts';
import type { ScannerRequest } from '#shared/scanner/definition.ts';
import type { Target } from '#shared/target/target.ts';

export interface JobWork {
  readonly targets: readonly Target[];
  readonly scanners: readonly ScannerRequest[];
}

export interface JobWorkDeps {
  readonly jobs: Pick<JobStore, 'readSpec'>;
  readonly results: Pick<Results, 'read'>;
}

/** Jobs whose tasks take turns in a tenant's queue; a submit of 1 MB has some 60,000 targets, so of large jobs fewer. */
const KEPT_JOBS = 16;
const KEPT_TARGETS = 100_000;

/** Rejects with CorruptError for a job whose record is incomplete, and as the store and the bucket do; failures are not kept. */
export function jobWorkReader(deps: JobWorkDeps): (job: JobKey) => Promise<JobWork> {
  /** In order of their last use. */
  const kept = new Map<string, Kept>();
  return ({ jobId, tenant }) => {
    const entry = kept.get(jobId) ?? newEntry(deps, { jobId, tenant });
    kept.delete(jobId);
    kept.set(jobId, entry);
    forgetSome(kept);
    entry.work.catch(() => kept.delete(jobId));
    return entry.work;
  };
}

type JobKey = Pick<Job, 'jobId' | 'tenant'>;

interface Kept {
  readonly work: Promise<JobWork>;
  /** 0 until they are read. */
  targetCount: number;
}

function newEntry(deps: JobWorkDeps, job: JobKey): Kept {
  const work = readWork(deps, job);
  const entry: Kept = { work, targetCount: 0 };
  work.then(
    ({ targets }) => {
      entry.targetCount = targets.length;
    },
    () => undefined, // told to whoever asked
  );
  return entry;
}

/** The last one stays, whatever its size. */
function forgetSome(kept: Map<string, Kept>): void {
  let targets = 0;
  for (const [index, [jobId, { targetCount }]] of [...kept].reverse().entries()) {
    targets += targetCount;
    if (index > 0 && (index >= KEPT_JOBS || targets > KEPT_TARGETS)) kept.delete(jobId);
  }
}

async function readWork({ jobs, results }: JobWorkDeps, job: JobKey): Promise<JobWork> {
  const spec = await jobs.readSpec(job.jobId);
  if (spec === undefined) throw new CorruptError('spec_missing', `job ${job.jobId} does not say what is to be scanned`);
  return { targets: await readTargets(results, job, spec), scanners: spec.scanners };
}
