/** A first job and all that followed from it, as one: whether it has come to its end, and how far what it found can be believed. */
import { UnavailableError } from '../errors.ts';
import { type Verdict, verdictOf } from '../finding/coverage.ts';
import { addCounts, noFindings } from '../finding/severity.ts';
import type { Job } from '../job/job.ts';
import type { JobStore } from '../job/store.ts';
import { isTerminal } from '../status.ts';
import type { Tree, TreeChild } from './rule.ts';

export interface WholeTree {
  readonly tree: Tree;
  /** The first job, then those that followed, oldest first. */
  readonly jobs: readonly Job[];
  /** Follow-ups whose record has expired. */
  readonly gone: readonly TreeChild[];
}

const MAX_READS = 5;

export const isRoot = ({ jobId, rootJobId }: Pick<Job, 'jobId' | 'rootJobId'>): boolean => jobId === rootJobId;

/**
 * All jobs at once: none joined the tree between the first read and the last, so that one that reads as settled is. Undefined where there
 * is no tree.
 */
export async function readWholeTree(
  jobs: Pick<JobStore, 'readTree' | 'readJobs'>,
  rootJobId: string,
): Promise<WholeTree | undefined> {
  let before = await jobs.readTree(rootJobId);
  for (let reads = 1; reads <= MAX_READS; reads += 1) {
    if (before === undefined) return undefined;
    const ids = [rootJobId, ...before.children.map(({ jobId }) => jobId)];
    const found = new Map((await jobs.readJobs(ids)).map((job) => [job.jobId, job]));
    const tree = await jobs.readTree(rootJobId);
    if (tree?.version === before.version)
      return {
        tree,
        jobs: ids.flatMap((id) => found.get(id) ?? []),
        gone: tree.children.filter(({ jobId }) => !found.has(jobId)),
      };
    before = tree;
  }
  throw new UnavailableError('job_contended', `jobs joined the tree of ${rootJobId} under every try to read it`);
}

/** Whether every job has ended and nothing more follows from any. */
export const isSettled = ({ jobs }: Pick<WholeTree, 'jobs'>): boolean =>
  jobs.every(({ status, followUpsDue }) => isTerminal(status) && !followUpsDue);

/** What was not started, or is gone, was not covered; nor is a tree complete that was cancelled. */
export function treeSummary({ tree, jobs, gone }: WholeTree) {
  const summaries = jobs.flatMap(({ summary }) => summary ?? []);
  const bySeverity = summaries.reduce((sum, summary) => addCounts(sum, summary.bySeverity), noFindings());
  const covered = total(summaries, (summary) => summary.covered);
  const missing =
    total(gone, ({ scans }) => scans.length) +
    total(jobs, ({ notStarted = [] }) => total(notStarted, ({ targets }) => Math.max(1, targets))) +
    (tree.cancelRequestedAt === undefined ? 0 : 1);
  const uncovered = total(summaries, (summary) => summary.uncovered) + missing;
  const verdict: Verdict = verdictOf({ covered, uncovered, bySeverity });
  return { verdict, bySeverity, covered, uncovered };
}

const total = <T>(items: readonly T[], amount: (item: T) => number): number =>
  items.reduce((sum, item) => sum + amount(item), 0);
