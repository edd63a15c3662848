/** Figures of a tenant's jobs, by day and scanner: counted once for each round of a job, in the transaction that ends it. */
import type { FiguresView } from '../contracts/stats.ts';
import { addUsage, usageView } from '../cost/usage.ts';
import type { ScannerName } from '../scanner/definition.ts';
import type { TerminalStatus } from '../status.ts';
import type { Task } from '../task/task.ts';
import { epochMsOf, secondsAfter } from '../time.ts';
import type { Job } from './job.ts';

/**
 * Sums, as stored. jobRetries: rounds after a job's first · n…: tasks by how they ended · runs: tasks that ran, durationMs: their last run ·
 * runsAgain: claims beyond a task's first · leasesLost: claims that ended so, whatever became of the worker · hostBusy: claims that met a busy host or scanner ·
 * workerMs, storedBytes, costNanoUsd: what the tasks used, in all their runs · cancels: rounds that were cancelled, cancelsForced:
 * where a worker did not stop by itself, cancelMs: from the wish to the end.
 */
export const FIGURES = [
  'jobs', 'jobRetries', 'nCompleted', 'nFailed', 'nTimedOut', 'nCancelled', 'findings', 'runs', 'durationMs',
  'runsAgain', 'leasesLost', 'hostBusy', 'cancels', 'cancelsForced', 'cancelMs', 'workerMs', 'storedBytes', 'costNanoUsd',
] as const; // biome-ignore format: reads as one list
export type Figures = Readonly<Record<(typeof FIGURES)[number], number>>;

export interface DayFigures {
  /** Of the jobs' end, UTC, as in `2026-01-31`. */
  readonly day: string;
  readonly scanner: ScannerName;
  readonly figures: Figures;
}

/** Of the round of `job` that ends at `at`, as far as it was `scanner`'s. A task that had completed in an earlier round was counted then. */
export function figuresOf(job: Job, tasks: readonly Task[], scanner: ScannerName, at: string): Figures {
  const own = tasks.filter((task) => task.round === job.round && task.scanner === scanner);
  const ended = (status: TerminalStatus) => own.filter((task) => task.status === status).length;
  const runs = own.flatMap(({ startedAt, endedAt }) =>
    startedAt === undefined || endedAt === undefined ? [] : [epochMsOf(endedAt) - epochMsOf(startedAt)],
  );
  const claims = own.map((task) => claimsOfRound(job, task));
  const cancelled = job.stopReason === 'cancel';
  return {
    jobs: 1,
    jobRetries: job.round > 1 ? 1 : 0,
    nCompleted: ended('completed'),
    nFailed: ended('failed'),
    nTimedOut: ended('timed_out'),
    nCancelled: ended('cancelled'),
    findings: sum(own.map(({ result }) => result?.findings ?? 0)),
    runs: runs.length,
    durationMs: sum(runs),
    runsAgain: sum(claims.map((list) => Math.max(0, list.length - 1))),
    leasesLost: sum(own.map(({ leasesLost = 0 }) => leasesLost)),
    hostBusy: sum(own.map(({ hostBusy = 0 }) => hostBusy)),
    cancels: cancelled ? 1 : 0,
    cancelsForced: cancelled && claims.flat().some((claim) => wasForced(job, claim)) ? 1 : 0,
    cancelMs: cancelled && job.stopAt !== undefined ? epochMsOf(at) - epochMsOf(job.stopAt) : 0,
    ...addUsage(own),
  };
}

type Claim = Task['claims'][number];

/** A round begins when its deadline is set. */
const claimsOfRound = ({ round, deadlineAt, deadlineSeconds }: Job, { claims }: Task): readonly Claim[] =>
  round === 1 ? claims : claims.filter(({ at }) => at >= secondsAfter(deadlineAt, -deadlineSeconds));

/** The worker was given up: by the sweeper after two leases, or because it was gone. */
const wasForced = ({ stopAt = '' }: Job, { endedAt = '', why }: Claim): boolean =>
  endedAt >= stopAt && (why === 'did_not_stop' || why === 'lease_lost');

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

export const sumOf = (list: readonly Figures[]): Figures =>
  Object.fromEntries(FIGURES.map((name) => [name, sum(list.map((figures) => figures[name]))])) as Figures;

/** As the API shows them. A rate or an average of nothing is null. */
export function figuresView(figures: Figures): FiguresView {
  const { nCompleted, nFailed, nTimedOut, nCancelled, runs, durationMs, cancels, cancelsForced, cancelMs } = figures;
  const { jobs, jobRetries, findings, runsAgain, leasesLost, hostBusy } = figures;
  return {
    jobs,
    jobRetries,
    tasks: { completed: nCompleted, failed: nFailed, timedOut: nTimedOut, cancelled: nCancelled },
    completionRate: share(nCompleted, nCompleted + nFailed + nTimedOut),
    findings,
    averageDurationMs: average(durationMs, runs),
    runsAgain,
    leasesLost,
    hostBusy,
    usage: usageView(figures),
    cancellations: {
      requested: cancels,
      forced: cancelsForced,
      successRate: share(cancels - cancelsForced, cancels),
      averageMs: average(cancelMs, cancels),
    },
  };
}

const share = (part: number, whole: number): number | null =>
  whole === 0 ? null : Math.round((part / whole) * 10_000) / 10_000;
const average = (total: number, count: number): number | null => (count === 0 ? null : Math.round(total / count));
