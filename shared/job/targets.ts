/**
 * Where a job's targets lie. A few lie in its spec; more would make every read of that dear, so they go to the object store, at planKey:
 * one canonical target a line, written before the job exists and never changed.
 */
import { CorruptError } from '../errors.ts';
import { planKey, type Results } from '../finding/results.ts';
import { collect } from '../report/bytes.ts';
import { parseTarget } from '../target/parse.ts';
import type { Target } from '../target/target.ts';
import { type Job, type StoredSpec, targetsFitInSpec } from './job.ts';

type JobKey = Pick<Job, 'tenant' | 'jobId'>;
type Place = Pick<StoredSpec, 'targets' | 'targetCount'>;

/** What a view of the job shows of its targets at most. */
const SHOWN_TARGETS = 100;
const SHOWN_BYTES = 16 * 1024;

/** Call it before the submit. Targets whose job was then not made are found by nobody and expire. */
export async function storeTargets(
  results: Pick<Results, 'write'>,
  { tenant, jobId }: JobKey,
  targets: readonly string[],
): Promise<void> {
  if (targetsFitInSpec(targets)) return;
  await results.write(planKey(tenant, jobId), Buffer.from(linesOf(targets)), 'text/plain; charset=utf-8');
}

/** All targets of a job, in the caller's order. Throws CorruptError when they are not what was stored. */
export async function readTargets(results: Pick<Results, 'read'>, job: JobKey, spec: Place): Promise<Target[]> {
  const texts = spec.targets ?? wholeLines(await collect(results.read(planKey(job.tenant, job.jobId))));
  if (texts.length === spec.targetCount) return texts.map(parseTarget);
  throw new CorruptError(
    'stored_targets',
    `job ${job.jobId} has ${texts.length} targets stored of ${spec.targetCount}`,
  );
}

/** The first targets, as many as a view shows. */
export async function readShownTargets(results: Pick<Results, 'read'>, job: JobKey, spec: Place): Promise<string[]> {
  if (spec.targets) return shownTargets(spec.targets);
  const start = await collect(results.read(planKey(job.tenant, job.jobId), { start: 0, end: SHOWN_BYTES - 1 }));
  return wholeLines(start).slice(0, SHOWN_TARGETS);
}

/** The same, of targets at hand. */
export const shownTargets = (targets: readonly string[]): string[] =>
  wholeLines(Buffer.from(linesOf(targets.slice(0, SHOWN_TARGETS))).subarray(0, SHOWN_BYTES));

const linesOf = (targets: readonly string[]): string => targets.map((target) => `${target}\n`).join('');

/** Lines that ended; a last one without its newline was cut and is left out. */
const wholeLines = (bytes: Buffer): string[] => bytes.toString().split('\n').slice(0, -1);
