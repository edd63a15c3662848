/**
 * Starts what follows from the findings of a job that has ended. The job is marked until that is done, and the sweeper announces its end
 * again each minute until then: a run that broke off, found the quota full or never began is made up for. Each run starts only what its
 * tree has not got.
 */
import type { JobFinishedDetail } from '#shared/contracts/events.ts';
import { ConflictError, LimitError, UnavailableError } from '#shared/errors.ts';
import type { Events } from '#shared/events.ts';
import type { Results } from '#shared/finding/results.ts';
import { type FollowUpJob, type FollowUpPlan, planFollowUps } from '#shared/follow-up/plan.ts';
import { readWanted } from '#shared/follow-up/read-wanted.ts';
import type { FollowUpRule, NotStarted } from '#shared/follow-up/rule.ts';
import type { WantedScans } from '#shared/follow-up/wanted.ts';
import type { Job, StoredSpec } from '#shared/job/job.ts';
import { type MakeJobDeps, makeJob } from '#shared/job/make-job.ts';
import { readSpecOf } from '#shared/job/records.ts';
import type { JobStore, NewJob } from '#shared/job/store.ts';
import { readTargets } from '#shared/job/targets.ts';
import type { Limits } from '#shared/limits.ts';
import { logger } from '#shared/observability/logger.ts';
import { record } from '#shared/observability/metrics.ts';
import type { Availabilities } from '#shared/scanner/availability.ts';
import { isTerminal } from '#shared/status.ts';
import { reportDenials } from '#shared/target/denials.ts';
import type { Policy } from '#shared/target/policy.ts';
import { wholeSecondsUntil } from '#shared/time.ts';

export interface StartFollowUpsDeps extends MakeJobDeps {
  readonly jobs: Pick<
    JobStore,
    'submit' | 'readJob' | 'readSpec' | 'readTasks' | 'readTree' | 'markFollowed' | 'markAnnounced'
  >;
  readonly results: Results;
  readonly events: Pick<Events, 'jobSubmitted' | 'targetsDenied'>;
  readonly policy: () => Promise<Policy>;
  readonly availability: () => Promise<Availabilities>;
  readonly limits: Pick<Limits, 'tasksPerJob' | 'followUpScans' | 'followUpDepth'>;
  readonly now: () => Date;
  /** A new UUIDv7. */
  readonly newId: () => string;
}

interface Outcome {
  readonly jobId: string;
  /** waiting: the quota is full · contended: the tree changed under every try; either way the next announcement goes on. */
  readonly outcome: 'nothing_due' | 'followed' | 'closed' | 'waiting' | 'contended';
  readonly started?: number;
  readonly notStarted?: readonly NotStarted[];
}

/** How often what was read of the tree may have changed before the rest is left to the next run. */
const MAX_TRIES = 8;

/** Rejects when something we depend on was away: the same event, or the next, starts what is missing. */
export async function startFollowUps(
  deps: StartFollowUpsDeps,
  { jobId, round }: Pick<JobFinishedDetail, 'jobId' | 'round'>,
): Promise<Outcome> {
  const job = await deps.jobs.readJob(jobId);
  if (job?.round !== round || !isTerminal(job.status) || !job.followUpsDue) return { jobId, outcome: 'nothing_due' };
  const spec = await readSpecOf(deps.jobs, job);
  const wanted = await wantedBy(deps, job, spec.followUps ?? []);
  let started = 0;
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const family = await readFamily(deps, job);
    if (family === undefined) return settled(deps, job, { outcome: 'closed', started, notStarted: [] });
    const plan = await planIn(deps, job, family, wanted);
    const done = await startAll(deps, { job, spec, family }, plan);
    started += done.started;
    if (done.stop === 'quota') return { jobId, outcome: 'waiting', started };
    if (done.stop === 'none') {
      await reportDenied(deps, job, plan.denied);
      const notStarted = [...wanted.unreadable, ...plan.notStarted];
      return settled(deps, job, { outcome: 'followed', started, notStarted });
    }
  }
  return { jobId, outcome: 'contended', started };
}

/** A scan that a finding called for is denied as one that a caller asks for is, and stands in the same records. */
async function reportDenied({ events, now }: StartFollowUpsDeps, job: Job, denied: FollowUpPlan['denied']) {
  const { jobId, tenant, createdBy: principal, sessionId, traceId } = job;
  const facts = { by: 'submit', at: now().toISOString(), jobId, tenant, principal, sessionId, traceId } as const;
  await reportDenials({ events, log: logger, record }, facts, denied);
}

/** The event that brought us here was sent: with nothing due any more, the job leaves the index of those to look at. */
async function settled(
  { jobs }: StartFollowUpsDeps,
  job: Job,
  outcome: Omit<Outcome, 'jobId'> & Required<Pick<Outcome, 'notStarted'>>,
): Promise<Outcome> {
  await jobs.markFollowed(job, outcome.notStarted);
  await jobs.markAnnounced(job);
  return { jobId: job.jobId, ...outcome };
}

type Wanted = WantedScans & { readonly unreadable: readonly NotStarted[] };

/** Findings that are missing or damaged stay so: that nobody knows what they called for is told, rather than tried for ever. */
async function wantedBy(
  { jobs, results }: StartFollowUpsDeps,
  job: Job,
  rules: readonly FollowUpRule[],
): Promise<Wanted> {
  try {
    return { ...(await readWanted(results, job, await jobs.readTasks(job.jobId), rules)), unreadable: [] };
  } catch (error) {
    if (error instanceof UnavailableError) throw error;
    logger.error('findings that others follow from cannot be read', { jobId: job.jobId, error: error as Error });
    const reason = `the findings cannot be read: ${error instanceof Error ? error.message : error}`;
    const scanners = new Set(rules.flatMap((rule) => rule.scanners.map(({ name }) => name)));
    const unreadable = [...scanners].map(
      (scanner): NotStarted => ({ scanner, code: 'unreadable', reason, targets: 0, examples: [] }),
    );
    return { scans: [], more: new Map(), unreadable };
  }
}

type Family = NonNullable<Awaited<ReturnType<typeof readFamily>>>;

/** The tree and its first job; undefined once nothing may start in it. */
async function readFamily({ jobs, results }: StartFollowUpsDeps, { jobId, rootJobId = jobId }: Job) {
  const [root, tree] = await Promise.all([jobs.readJob(rootJobId), jobs.readTree(rootJobId)]);
  if (root === undefined || tree === undefined || tree.cancelRequestedAt !== undefined) return undefined;
  const spec = await readSpecOf(jobs, root);
  return { root, tree, first: { targets: await readTargets(results, root, spec), scanners: spec.scanners } };
}

async function planIn(deps: StartFollowUpsDeps, job: Job, { root, tree, first }: Family, wanted: WantedScans) {
  const { limits } = deps;
  return planFollowUps(wanted, {
    ...{ first, tree, limits },
    availability: await deps.availability(),
    now: deps.now().toISOString(),
    deadlineAt: root.deadlineAt,
    depth: (job.depth ?? 0) + 1,
    policy: await deps.policy(),
  });
}

interface Parent {
  readonly job: Job;
  readonly spec: StoredSpec;
  readonly family: Family;
}

/** Each job moves the tree's version on by one: whoever else adds one meanwhile ends this run of them. */
async function startAll(
  deps: StartFollowUpsDeps,
  parent: Parent,
  { jobs }: FollowUpPlan,
): Promise<{ readonly started: number; readonly stop: 'none' | 'tree_changed' | 'quota' }> {
  let started = 0;
  try {
    for (const job of jobs) {
      await startOne(deps, parent, job, parent.family.tree.version + started);
      started += 1;
    }
    return { started, stop: 'none' };
  } catch (error) {
    if (error instanceof ConflictError && error.code === 'tree_changed') return { started, stop: 'tree_changed' };
    if (error instanceof LimitError) return { started, stop: 'quota' };
    throw error;
  }
}

async function startOne(
  deps: StartFollowUpsDeps,
  { job: parent, spec, family }: Parent,
  { scanner, targets, scans }: FollowUpJob,
  version: number,
): Promise<void> {
  const job = childOf(deps, parent, family.root, scanner.name);
  const { labels, description, followUps } = spec;
  const { submitted, faults } = await makeJob(deps, {
    job,
    targets,
    spec: {
      scanners: [scanner],
      labels,
      ...(description === undefined ? {} : { description }),
      ...(followUps === undefined ? {} : { followUps }),
    },
    joins: { version, scans },
  });
  for (const error of faults)
    logger.warn('a hint of a follow-up was lost', { jobId: job.jobId, traceId: job.traceId, error });
  record({ jobsSubmitted: 1, tasksReleased: submitted.outcome === 'created' ? submitted.released.length : 0 });
}

/** As its parent, for the same caller, and not beyond the first job's deadline. */
function childOf(
  { now, newId }: StartFollowUpsDeps,
  parent: Job,
  root: Job,
  scanner: Job['scanners'][number],
): NewJob['job'] {
  const { jobId: parentJobId, tenant, createdBy, sessionId, name, project, profile, priority, traceId } = parent;
  const { maxCostNanoUsd } = parent;
  const createdAt = now().toISOString();
  return {
    jobId: newId(),
    rootJobId: root.jobId,
    depth: (parent.depth ?? 0) + 1,
    ...{ parentJobId, tenant, createdBy, profile, priority, traceId, createdAt },
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(name === undefined ? {} : { name }),
    ...(project === undefined ? {} : { project }),
    ...(maxCostNanoUsd === undefined ? {} : { maxCostNanoUsd }),
    scanners: [scanner],
    deadlineSeconds: wholeSecondsUntil(root.deadlineAt, createdAt),
  };
}
