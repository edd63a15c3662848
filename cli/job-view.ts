/** A job as people read it. */
import type { FollowUpsView, JobSummaryView, JobView, TaskView } from '#shared/contracts/job.ts';
import type { Verdict } from '#shared/finding/coverage.ts';
import { SEVERITIES, type SeverityCounts } from '#shared/finding/severity.ts';
import { isTerminal, type Status } from '#shared/status.ts';
import type { Cell, Data, Tone } from './output.ts';
import type { Progress } from './progress-line.ts';

const STATUS_TONES: Readonly<Record<Status, Tone | undefined>> = {
  queued: 'quiet',
  running: undefined,
  cancelling: 'warning',
  completed: 'good',
  failed: 'bad',
  timed_out: 'bad',
  cancelled: 'warning',
};
const VERDICT_TONES: Readonly<Record<Verdict, Tone>> = {
  clean: 'good',
  findings: 'bad',
  incomplete: 'warning',
  no_verdict: 'warning',
};

const toned = (text: string, tone: Tone | undefined): Cell => (tone === undefined ? text : { text, tone });

export const statusCell = (status: Status): Cell => toned(status, STATUS_TONES[status]);
export const verdictCell = (verdict: Verdict | null): Cell =>
  verdict === null ? toned('-', 'quiet') : toned(verdict, VERDICT_TONES[verdict]);

/** `2026-11-21 10:41:07Z`: UTC to the second. */
export const shortTime = (at: string): string => `${at.slice(0, 19).replace('T', ' ')}Z`;

/** `1 finding`, `2 findings`. */
export const amount = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

/** `2 high, 1 info`; most severe first, what is zero left out. */
export const severities = (counts: Readonly<SeverityCounts>): string =>
  SEVERITIES.filter((severity) => counts[severity] > 0)
    .map((severity) => `${counts[severity]} ${severity}`)
    .join(', ');

const endedTasks = ({ tasks }: JobSummaryView): number =>
  tasks.completed + tasks.failed + tasks.timedOut + tasks.cancelled;

export function progressOf(job: JobView): Progress {
  const running = job.taskList?.find((task) => task.status === 'running' && task.progress !== undefined);
  return {
    state: job.status,
    percent: job.percent,
    counts: `${endedTasks(job)} of ${amount(job.tasks.total, 'task')}, ${amount(job.findings + job.partialFindings, 'finding')}`,
    message: running?.progress ? `${running.scanner}: ${running.progress.message}` : followUpsMessage(job),
  };
}

const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  clean: 'every target was covered, nothing above info was found',
  findings: 'every target was covered, something above info was found',
  incomplete: 'some targets were not covered',
  no_verdict: 'nothing was covered',
};

const MAX_TARGETS = 5;
const MAX_TASKS = 50;

/** The job's fields, then its tasks. */
export function showJob(data: Data, job: JobView): void {
  data.fields({ ...identityFields(job), ...outcomeFields(job), ...timeFields(job) });
  if (job.taskList) showTasks(data, job.taskList);
  if (job.followUps) showFollowUps(data, job.followUps);
}

/** Of all that followed from it too, where it is the first of several. */
export const wholeVerdict = ({ verdict, followUps }: JobView): Verdict | null =>
  followUps === undefined ? verdict : followUps.verdict;

/** How far the job is, and how far what it found can be believed. */
export const showOutcome = (data: Data, job: JobView): void => data.fields({ Job: job.jobId, ...outcomeFields(job) });

function identityFields(job: JobView): Readonly<Record<string, Cell | undefined>> {
  const shown = job.targets.slice(0, MAX_TARGETS);
  const more = job.targetCount - shown.length;
  const labels = Object.entries(job.labels).map(([key, value]) => `${key}=${value}`);
  return {
    Job: job.jobId,
    Name: job.name,
    Project: job.project,
    Description: job.description,
    Labels: labels.length > 0 ? labels.join(', ') : undefined,
    Scanners: job.scanners.join(', '),
    Targets: shown.join(', ') + (more > 0 ? `, and ${more} more` : ''),
  };
}

function outcomeFields(job: JobView): Readonly<Record<string, Cell | undefined>> {
  const found = job.findings + job.partialFindings;
  const { covered = 0, uncovered = 0 } = job;
  return {
    Status: toned(
      isTerminal(job.status) ? job.status : `${job.status}, ${Math.floor(job.percent)}%`,
      STATUS_TONES[job.status],
    ),
    Verdict: job.verdict
      ? toned(`${job.verdict}: ${VERDICT_WORDS[job.verdict]}`, VERDICT_TONES[job.verdict])
      : undefined,
    Coverage: job.covered === undefined ? undefined : `${covered} of ${covered + uncovered} covered`,
    Findings: job.bySeverity && found > 0 ? `${found} (${severities(job.bySeverity)})` : String(found),
    Tasks: `${endedTasks(job)} of ${job.tasks.total} ended${job.tasks.failed > 0 ? `, ${job.tasks.failed} failed` : ''}`,
    'With follow-ups': job.followUps && followUpsCell(job.followUps),
  };
}

function followUpsCell({ settled, verdict, covered = 0, uncovered = 0, jobs }: FollowUpsView): Cell {
  if (!settled || verdict === null) return `${amount(jobs.length, 'job')}, not all have ended`;
  return toned(`${verdict}: ${covered} of ${covered + uncovered} covered`, VERDICT_TONES[verdict]);
}

const timeFields = (job: JobView): Readonly<Record<string, Cell | undefined>> => ({
  Created: `${shortTime(job.createdAt)} by ${job.createdBy}`,
  Finished: job.finishedAt && shortTime(job.finishedAt),
  Deadline: isTerminal(job.status) ? undefined : shortTime(job.deadlineAt),
});

/** What a task waits for that has not begun. */
const windowOf = ({ status, window }: TaskView): string =>
  status === 'queued' && window?.notBefore !== undefined ? `not before ${shortTime(window.notBefore)}` : '';

function showTasks(data: Data, tasks: readonly TaskView[]): void {
  data.line('');
  data
    .table([
      { title: 'TASK' },
      { title: 'SCANNER' },
      { title: 'STATUS' },
      { title: 'DONE' },
      { title: 'FINDINGS' },
      { title: 'LAST WORD' },
    ])
    .add(
      tasks
        .slice(0, MAX_TASKS)
        .map((task) => [
          task.taskId,
          task.scanner,
          statusCell(task.status),
          `${Math.floor(task.status === 'completed' ? 100 : (task.progress?.percent ?? 0))}%`,
          String(task.findings ?? '-'),
          task.error?.message ?? task.progress?.message ?? windowOf(task),
        ]),
    );
  if (tasks.length > MAX_TASKS) data.line(`… and ${tasks.length - MAX_TASKS} more (--json shows all)`);
}

/** What followed from the findings, and what was to and did not. */
function showFollowUps(data: Data, { jobs, notStarted }: FollowUpsView): void {
  if (jobs.length > 0) data.line('');
  if (jobs.length > 0)
    data
      .table([
        { title: 'FOLLOW-UP' },
        { title: 'SCANNER' },
        { title: 'STATUS' },
        { title: 'VERDICT' },
        { title: 'FINDINGS' },
      ])
      .add(
        jobs.map(({ jobId, scanners, status, verdict, findings, partialFindings }) => [
          jobId,
          scanners.join(', '),
          statusCell(status),
          verdictCell(verdict),
          String(findings + partialFindings),
        ]),
      );
  for (const { scanner, targets, reason, examples } of notStarted)
    data.line(`Not started: ${scanner} on ${amount(targets, 'target')} (${examples.join(', ')}): ${reason}`);
}

function followUpsMessage({ status, followUps }: JobView): string {
  if (!isTerminal(status) || followUps === undefined) return '';
  const ended = followUps.jobs.filter((job) => isTerminal(job.status)).length;
  return `${ended} of ${amount(followUps.jobs.length, 'follow-up')} ended`;
}
