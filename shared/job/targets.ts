/**
 * Where a job's targets lie. A few lie in the job's own records; more would make every read of those dear, so they go to the object store
 * (planKey), written once before the job exists and never changed.
 */
import { CorruptError } from '../errors.ts';
import { planKey, type Results } from '../finding/results.ts';
import { collect } from '../report/bytes.ts';
import { parseTarget } from '../target/parse.ts';
import type { Target } from '../target/target.ts';
import type { Job, JobSpec } from './job.ts';

/** JSON of targets up to this size lies in the record. */
const MAX_INLINE_BYTES = 1024;
/** What the record shows of more: as many as the tenant's index by target takes. */
const SHOWN_TARGETS = 20;

type JobKey = Pick<Job, 'tenant' | 'jobId'>;

/** `spec` as the job store takes it. Call it before the submit: an object without its job is found by nobody and expires. */
export async function storeTargets(results: Pick<Results, 'write'>, job: JobKey, spec: JobSpec): Promise<JobSpec> {
  const json = Buffer.from(JSON.stringify(spec.targets));
  if (json.byteLength <= MAX_INLINE_BYTES) return spec;
  await results.write(planKey(job.tenant, job.jobId), json, 'application/json');
  return { ...spec, targets: spec.targets.slice(0, SHOWN_TARGETS), targetsStored: spec.targets.length };
}

/** How many targets the job was submitted with. */
export const targetCountOf = ({ targets, targetsStored }: JobSpec): number => targetsStored ?? targets.length;

/** All targets of a job, in the caller's order. Throws CorruptError when they are not what was stored. */
export async function readTargets(results: Pick<Results, 'read'>, job: JobKey, spec: JobSpec): Promise<Target[]> {
  if (spec.targetsStored === undefined) return spec.targets.map(parseTarget);
  const stored = await collect(results.read(planKey(job.tenant, job.jobId)));
  const list: unknown = JSON.parse(stored.toString());
  if (!isTextList(list) || list.length !== spec.targetsStored)
    throw new CorruptError(
      'stored_targets',
      `the stored targets of job ${job.jobId} are not the ${spec.targetsStored} it was submitted with`,
    );
  return list.map(parseTarget);
}

const isTextList = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');
