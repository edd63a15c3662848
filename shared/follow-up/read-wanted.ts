/** What the findings of a job call for, read as they lie in the object store. */
import type { Results } from '../finding/results.ts';
import type { Job } from '../job/job.ts';
import { gunzipped } from '../report/bytes.ts';
import { findingOf } from '../report/lines.ts';
import { resultsWithFindings, wholeMembers } from '../report/task-findings.ts';
import { inRound } from '../target/maintenance-window.ts';
import type { Task } from '../task/task.ts';
import { linesOf } from '../text-lines.ts';
import type { FollowUpRule } from './rule.ts';
import { type WantedScans, wantedScans } from './wanted.ts';

/** Constant memory, whatever the findings. Throws when they are missing or damaged. */
export async function readWanted(
  results: Results,
  job: Job,
  tasks: readonly Task[],
  rules: readonly FollowUpRule[],
): Promise<WantedScans> {
  const wanted = wantedScans(rules);
  const calling = new Set(rules.map(({ when }) => when.scanner));
  for (const task of tasks.filter(({ scanner }) => calling.has(scanner))) {
    const { window } = inRound(task, job);
    for await (const { bytes } of wholeMembers(results, resultsWithFindings([task])))
      for await (const line of linesOf(gunzipped(bytes))) wanted.take(findingOf(line), window);
  }
  return wanted.result();
}
