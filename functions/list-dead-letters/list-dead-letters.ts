/** What was given up, newest first: the tasks of the caller's tenant, or for admins the messages that no worker could read. */
import type { DeadLettersResponse, DeadLetterView, listDeadLettersRoute } from '#shared/contracts/dead-letters.ts';
import { ForbiddenError } from '#shared/errors.ts';
import { type DeadTask, deadLetterIdOf, type UnreadableMessage } from '#shared/job/dead-letter.ts';
import type { JobStore, Page } from '#shared/job/store.ts';
import { readCursor, writeCursor } from '../middleware/cursor.ts';
import type { HttpAnswer, HttpRequest } from '../middleware/http.ts';

export interface ListDeadLettersDeps {
  readonly jobs: Pick<JobStore, 'listDeadLetters' | 'listUnreadable'>;
}

/** ForbiddenError `admins_only` for the fleet's. */
export async function listDeadLetters(
  { jobs }: ListDeadLettersDeps,
  { caller, query: { scope, limit, cursor } }: HttpRequest<typeof listDeadLettersRoute>,
): Promise<HttpAnswer> {
  if (scope === 'fleet' && !caller.admin)
    throw new ForbiddenError('admins_only', 'the dead letters of the fleet are for admins');
  const listed = scope === 'fleet' ? { deadLetters: scope } : { deadLetters: scope, tenant: caller.tenant };
  const after = cursor === undefined ? undefined : readCursor(cursor, listed);
  const page =
    scope === 'fleet'
      ? viewed(await jobs.listUnreadable(limit, after), messageView)
      : viewed(await jobs.listDeadLetters(caller.tenant, limit, after), taskView);
  const body: DeadLettersResponse = {
    deadLetters: [...page.items],
    ...(page.after === undefined ? {} : { nextCursor: writeCursor(page.after, listed) }),
  };
  return { status: 200, body };
}

const viewed = <T>({ items, after }: Page<T>, view: (item: T) => DeadLetterView): Page<DeadLetterView> => ({
  items: items.map(view),
  ...(after === undefined ? {} : { after }),
});

function taskView({ letter, task, standing }: DeadTask): DeadLetterView {
  const { jobId, taskId, scanner, at, code, message, attempt } = letter;
  const stderrTail = task.error?.stderrTail;
  return {
    kind: 'task',
    deadLetterId: deadLetterIdOf(letter),
    ...{ jobId, taskId, scanner, at, code, message },
    ...(stderrTail === undefined ? {} : { stderrTail }),
    attempt,
    claims: [...task.claims],
    standing,
  };
}

const messageView = ({ hash, ...message }: UnreadableMessage): DeadLetterView => ({
  kind: 'message',
  deadLetterId: hash,
  ...message,
});
