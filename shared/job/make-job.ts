/**
 * Makes a job of what was decided about it: for callers and for follow-ups alike. Its tasks are planned, its targets stored; then comes
 * the job store's one commit; what follows that are hints, which the sweeper makes up for.
 */
import type { Events } from '../events.ts';
import type { Results } from '../finding/results.ts';
import type { Limits } from '../limits.ts';
import { planTasks, type WindowedTarget } from '../target/plan.ts';
import type { TaskQueue } from '../task/queue.ts';
import { giveHints } from './flow.ts';
import type { JobSpec } from './job.ts';
import type { JobStore, NewJob, Submitted } from './store.ts';
import { shownTargets, storeTargets } from './targets.ts';
import { submittedView } from './view.ts';

export interface MakeJobDeps {
  readonly jobs: Pick<JobStore, 'submit'>;
  readonly queue: Pick<TaskQueue, 'send'>;
  readonly results: Pick<Results, 'write'>;
  readonly events: Pick<Events, 'jobSubmitted'>;
  readonly limits: Pick<Limits, 'tasksPerJob'>;
}

export interface JobPlan extends Pick<NewJob, 'job' | 'idempotency' | 'joins'> {
  /** As uniqueTargets gives them, each of them allowed. */
  readonly targets: readonly WindowedTarget[];
  readonly spec: Omit<JobSpec, 'targets'>;
}

export interface Made {
  readonly submitted: Submitted;
  /** Of the hints, for the log. */
  readonly faults: readonly unknown[];
}

/** Throws what planTasks and the store's submit throw; then there is no job. */
export async function makeJob(deps: MakeJobDeps, { targets, spec: rest, ...plan }: JobPlan): Promise<Made> {
  const { job } = plan;
  const spec: JobSpec = { ...rest, targets: targets.map(({ text }) => text) };
  const tasks = planTasks(targets, spec.scanners, deps.limits);
  await storeTargets(deps.results, job, spec.targets);
  const shown = { ...spec, targets: shownTargets(spec.targets), targetCount: spec.targets.length };
  const submitted = await deps.jobs.submit({ ...plan, spec, tasks }, (stored, queuePosition) =>
    JSON.stringify(submittedView(stored, shown, queuePosition)),
  );
  if (submitted.outcome === 'repeated') return { submitted, faults: [] };
  return { submitted, faults: await giveHints(deps, submitted.job, submitted.released) };
}
