/** A job's records as the API shows them: the same record always in the same words, although stored maps come back in any order. */
import type { JobSummaryView, JobView, SubmittedView, TaskView } from '../contracts/job.ts';
import { usageView, usdOf } from '../cost/usage.ts';
import type { Summary } from '../finding/coverage.ts';
import { addCounts, noFindings } from '../finding/severity.ts';
import { isTerminal } from '../status.ts';
import { inRound } from '../target/maintenance-window.ts';
import { statusInRound } from '../task/lifecycle.ts';
import type { Progress, Task, TaskError } from '../task/task.ts';
import type { Job, StoredSpec } from './job.ts';

/** A spec with the targets that are shown of it: the first ones. */
export interface ShownSpec extends StoredSpec {
  readonly targets: readonly string[];
}

/** Without its tasks a job's progress is known only by those that ended, and of the others not which run: all of them may. */
export function jobSummaryView(job: Job): JobSummaryView {
  const running = job.status === 'queued' ? 0 : Math.min(job.live, job.openCount);
  return summaryOf(job, { running, percent: percentOf(job, job.taskCount - job.openCount) });
}

/** The whole job; with its tasks, where they were read. */
export function jobView(job: Job, spec: ShownSpec, tasks?: readonly Task[]): JobView {
  const taskList = tasks?.map((task) => taskView(task, job));
  const summary = taskList === undefined ? jobSummaryView(job) : summaryOf(job, figuresOf(job, taskList));
  return {
    ...summary,
    targets: [...spec.targets],
    targetCount: spec.targetCount,
    ...given({ description: spec.description }),
    labels: sorted(spec.labels),
    options: Object.fromEntries(spec.scanners.map(({ name, options }) => [name, sorted(options)])),
    ...given({ taskList }),
  };
}

export const submittedView = (job: Job, spec: ShownSpec, queuePosition: number): SubmittedView => ({
  ...jobView(job, spec),
  queuePosition,
});

/** As seen from the job's round: what an earlier round left behind in a task that waits to run again is not shown. */
export function taskView(task: Task, job: Pick<Job, 'round' | 'retryWindow'>): TaskView {
  const { taskId, scanner, workerSize, attempt, failures, instance } = task;
  const status = statusInRound(task, job.round);
  const stale = status !== task.status;
  const { window } = stale ? inRound(task, job) : task;
  return {
    taskId,
    scanner,
    workerSize,
    targetCount: task.slice.count,
    status,
    attempt,
    failures: stale ? 0 : failures,
    ...given({ instance, window }),
    ...(stale ? {} : runOf(task)),
  };
}

function runOf({ startedAt, endedAt, notBefore, progress, result, error, deadLetteredAt, ...task }: Task) {
  return given({
    ...{ startedAt, endedAt, notBefore },
    progress: progress && progressOf(progress),
    findings: result?.findings,
    usage: task.costNanoUsd === undefined ? undefined : usageView(task),
    error: error && errorOf(error),
    deadLetteredAt,
  });
}

const progressOf = ({ current, total, percent, message, details }: Progress) =>
  given({ current, total, percent, message, details });

const errorOf = ({ code, message, retryable, stderrTail }: TaskError) =>
  given({ code, message, retryable, stderrTail });

interface Figures {
  readonly running: number;
  /** 0 to 100. */
  readonly percent: number;
}

function figuresOf(job: Job, tasks: readonly TaskView[]): Figures {
  const done = tasks.reduce((sum, { status, progress }) => {
    if (isTerminal(status)) return sum + 1;
    return status === 'queued' ? sum : sum + (progress?.percent ?? 0) / 100;
  }, 0);
  const running = tasks.filter(({ status }) => status === 'running' || status === 'cancelling').length;
  return { running, percent: percentOf(job, done) };
}

/** Only a job that has ended reads 100. */
function percentOf({ status, taskCount }: Job, tasksDone: number): number {
  if (isTerminal(status)) return 100;
  return Math.min(99.9, Math.floor((tasksDone / taskCount) * 1_000) / 10);
}

function summaryOf(job: Job, { running, percent }: Figures): JobSummaryView {
  const { name, project, rootJobId, depth, parentJobId, sessionId } = job;
  const { startedAt, finishedAt, cancelRequestedAt, cancelRequestedBy } = job;
  const { completed, failed, timedOut, cancelled } = job.ended;
  const queued = job.openCount - running;
  return {
    jobId: job.jobId,
    status: job.status,
    verdict: job.summary?.verdict ?? null,
    ...given({ name, project, rootJobId, depth, parentJobId, sessionId }),
    ...given({ startedAt, finishedAt, cancelRequestedAt, cancelRequestedBy }),
    scanners: [...job.scanners],
    profile: job.profile,
    priority: job.priority,
    createdBy: job.createdBy,
    createdAt: job.createdAt,
    deadlineAt: job.deadlineAt,
    stopReason: job.stopReason,
    percent,
    tasks: { total: job.taskCount, queued, running, completed, failed, timedOut, cancelled },
    findings: job.findings,
    partialFindings: job.partialFindings,
    usage: usageView(job),
    ...(job.maxCostNanoUsd === undefined ? {} : { maxCostUsd: usdOf(job.maxCostNanoUsd) }),
    ...(job.summary && endOf(job.summary)),
    traceId: job.traceId,
  };
}

const endOf = ({ bySeverity, covered, uncovered }: Summary) => ({
  bySeverity: addCounts(noFindings(), bySeverity),
  covered,
  uncovered,
});

const sorted = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Only what has a value: an absent field is left out rather than null. */
const given = <T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
