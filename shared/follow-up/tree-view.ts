/** A tree of jobs as the API shows it, beside its first job. */
import type { FollowUpsView } from '../contracts/job.ts';
import { jobSummaryView } from '../job/view.ts';
import { isSettled, treeSummary, type WholeTree } from './tree.ts';

export function followUpsView(whole: WholeTree): FollowUpsView {
  const { cancelRequestedAt, cancelRequestedBy } = whole.tree;
  const settled = isSettled(whole);
  const [, ...followed] = whole.jobs;
  return {
    settled,
    ...(settled ? treeSummary(whole) : { verdict: null }),
    ...(cancelRequestedAt === undefined ? {} : { cancelRequestedAt, cancelRequestedBy }),
    jobs: followed.map(jobSummaryView).map(({ jobId, parentJobId, depth, scanners, ...summary }) => ({
      ...{ jobId, parentJobId, depth, scanners },
      ...{ status: summary.status, verdict: summary.verdict, percent: summary.percent },
      ...{ findings: summary.findings, partialFindings: summary.partialFindings },
    })),
    notStarted: whole.jobs.flatMap(({ jobId, notStarted = [] }) =>
      notStarted.map(({ scanner, code, reason, targets, examples }) => ({
        ...{ jobId, scanner, code, reason, targets },
        examples: [...examples],
      })),
    ),
  };
}
