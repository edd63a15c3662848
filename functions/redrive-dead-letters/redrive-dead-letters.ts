/**
 * Another try for what was given up. The unit of a retry is the job: whatever else of it did not complete runs again with the task that was
 * named, and what completed does not.
 */
import type { Caller } from '#shared/caller.ts';
import type {
  RedrivenView,
  RedriveRequest,
  RedriveResponse,
  redriveDeadLettersRoute,
} from '#shared/contracts/dead-letters.ts';
import { ConflictError, LimitError } from '#shared/errors.ts';
import type { Events } from '#shared/events.ts';
import { deadLetterIdOf, standingOf } from '#shared/job/dead-letter.ts';
import { startAgain } from '#shared/job/flow.ts';
import type { Job } from '#shared/job/job.ts';
import type { JobStore } from '#shared/job/store.ts';
import { logger } from '#shared/observability/logger.ts';
import { record } from '#shared/observability/metrics.ts';
import type { TaskQueue } from '#shared/task/queue.ts';
import type { Task } from '#shared/task/task.ts';
import { readCursor, writeCursor } from '../middleware/cursor.ts';
import type { HttpAnswer, HttpRequest } from '../middleware/http.ts';

export interface RedriveDeadLettersDeps {
  readonly jobs: Pick<JobStore, 'listDeadLetters' | 'readJob' | 'readTask' | 'retry' | 'release' | 'removeDeadLetter'>;
  readonly queue: Pick<TaskQueue, 'send'>;
  readonly events: Pick<Events, 'jobSubmitted'>;
}

/** Of `all`, in one call: the rest is asked for with the answer's cursor. */
const PAGE = 50;

export async function redriveDeadLetters(
  deps: RedriveDeadLettersDeps,
  { caller, body }: HttpRequest<typeof redriveDeadLettersRoute>,
): Promise<HttpAnswer> {
  const { ids, nextCursor } = await askedFor(deps, caller, body);
  const answers = new Map<string, RedrivenView>();
  for (const [jobId, ofJob] of Map.groupBy(new Set(ids), (id) => id.slice(0, id.indexOf('/'))))
    for (const answer of await redriveJob(deps, caller, jobId, ofJob)) answers.set(answer.deadLetterId, answer);
  const response: RedriveResponse = {
    deadLetters: ids.flatMap((id) => answers.get(id) ?? []),
    ...(nextCursor === undefined ? {} : { nextCursor }),
  };
  return { status: 200, body: response };
}

async function askedFor(
  { jobs }: Pick<RedriveDeadLettersDeps, 'jobs'>,
  { tenant }: Caller,
  { deadLetters, cursor }: RedriveRequest,
): Promise<{ readonly ids: readonly string[]; readonly nextCursor?: string }> {
  if (deadLetters !== undefined) return { ids: deadLetters };
  const listed = { redriveAllOf: tenant };
  const page = await jobs.listDeadLetters(tenant, PAGE, cursor === undefined ? undefined : readCursor(cursor, listed));
  const ids = page.items.map(({ letter }) => deadLetterIdOf(letter));
  return { ids, ...(page.after === undefined ? {} : { nextCursor: writeCursor(page.after, listed) }) };
}

/** Another tenant's is as good as none: which of the two must not show. */
async function redriveJob(
  deps: RedriveDeadLettersDeps,
  caller: Caller,
  jobId: string,
  ids: readonly string[],
): Promise<RedrivenView[]> {
  const job = await deps.jobs.readJob(jobId);
  const visible = job !== undefined && (caller.admin || job.tenant === caller.tenant) ? job : undefined;
  const letters = await Promise.all(
    ids.map(async (deadLetterId) => {
      const task = visible && (await deps.jobs.readTask(jobId, deadLetterId.slice(jobId.length + 1)));
      return { deadLetterId, task, standing: standingOf(visible, task) };
    }),
  );
  const redrivable = letters.flatMap(({ task, standing }) =>
    standing === 'redrivable' && task !== undefined ? [task] : [],
  );
  const retried = visible && redrivable.length > 0 ? await retry(deps, caller, visible, redrivable) : undefined;
  return letters.map(({ deadLetterId, standing }) =>
    standing === 'redrivable' && retried !== undefined
      ? { deadLetterId, ...retried }
      : { deadLetterId, outcome: standing === 'redrivable' || standing === undefined ? 'gone' : standing },
  );
}

type Retried = Pick<RedrivenView, 'outcome' | 'why'>;

/** Once the job is retried, it stands: a letter that is not removed now counts no more, and the sweeper sends what was not sent. */
async function retry(
  { jobs, queue, events }: RedriveDeadLettersDeps,
  { principal }: Caller,
  { jobId, traceId }: Job,
  tasks: readonly Task[],
): Promise<Retried> {
  let again: Job;
  try {
    again = await jobs.retry(jobId, principal);
  } catch (error) {
    if (error instanceof LimitError) return { outcome: 'quota_exceeded', why: error.message };
    if (error instanceof ConflictError) return { outcome: 'refused', why: error.message };
    throw error;
  }
  const { released, faults } = await startAgain({ jobs, queue, events }, again);
  const removals = await Promise.allSettled(
    tasks.flatMap(({ deadLetteredAt: at, ...task }) =>
      at === undefined ? [] : [jobs.removeDeadLetter({ ...task, at })],
    ),
  );
  const notRemoved = removals.flatMap((removal) => (removal.status === 'rejected' ? [removal.reason] : []));
  for (const error of [...faults, ...notRemoved])
    logger.warn('what follows a redrive is left to others', { jobId, traceId, error });
  record({ tasksReleased: released.length });
  return { outcome: 'redriven' };
}
