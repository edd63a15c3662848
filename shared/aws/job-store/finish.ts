/** 11. The end of a task: its record and its job's counters in one transaction. */
import { addUsage, type Usage } from '../../cost/usage.ts';
import { CorruptError } from '../../errors.ts';
import { jobSourcesOf } from '../../job/lifecycle.ts';
import type { TaskEnd } from '../../job/store.ts';
import { isTerminal, type TerminalStatus } from '../../status.ts';
import { endClaim } from '../../task/claims.ts';
import type { Held } from '../../task/task.ts';
import { jobKey, taskKey } from '../table.ts';
import type { StoreContext } from './context.ts';
import type { Item } from './database.ts';
import { putDeadLetter } from './dead-letters.ts';
import { type Put, statusIn, type Update } from './expression.ts';
import { COUNTER, taskOf } from './items.ts';
import { BY_HOLDER, HELD } from './lease.ts';

export const OPEN = statusIn(jobSourcesOf('finalise'));

export async function finish({ db, now }: StoreContext, held: Held, end: TaskEnd): Promise<'finished' | 'superseded'> {
  const at = now().toISOString();
  const written = await db.transact([
    endOfTask(held, end, at),
    countEnd(held.jobId, end.status, addUsage([held.used ?? {}, end.used ?? {}]), end.result?.findings),
    ...(await deadLetterOf({ db }, held, end, at)),
  ]);
  if (written.ok) return 'finished';
  const [ofTask] = written.refusals;
  if (ofTask?.failed) return isOwnEnd(held, ofTask.old) ? 'finished' : 'superseded';
  throw new CorruptError('job_not_open', `task ${held.taskId} of job ${held.jobId} is held, and the job is not open`);
}

/** The letter of a task that its holder gives up. Rare, so the task's record is read for what the holder does not carry. */
async function deadLetterOf(
  { db }: Pick<StoreContext, 'db'>,
  { jobId, taskId }: Held,
  { deadLettered, error }: TaskEnd,
  at: string,
): Promise<Put[]> {
  if (!deadLettered || error === undefined) return [];
  const item = await db.get(taskKey(jobId, taskId));
  return item === undefined ? [] : [putDeadLetter(taskOf(item), error, at, Number(item.expiresAtEpochSeconds))];
}

/** The owner stays, so that a repeat recognises itself. */
function endOfTask(held: Held, { status, result, error, deadLettered, used }: TaskEnd, at: string): Update {
  const why = status === 'failed' && error !== undefined ? error.code : status;
  return {
    kind: 'update',
    key: taskKey(held.jobId, held.taskId),
    when: `${BY_HOLDER} AND ${HELD}`,
    values: { owner: held.owner, attempt: held.attempt },
    set: {
      status,
      endedAt: at,
      result,
      error,
      claims: endClaim(held.claims, at, why),
      deadLetteredAt: deadLettered && at,
    },
    ...(used === undefined ? {} : { add: { ...used } }),
    remove: ['checkAt', 'leaseExpiresAt', 'notBefore'],
  };
}

/** What a job's record keeps of a task that has ended: `used` by all its attempts of the round. Refused only if the job were not open, which cannot be. */
export const countEnd = (jobId: string, status: TerminalStatus, used: Usage, findings = 0): Update => ({
  kind: 'update',
  key: jobKey(jobId),
  when: OPEN,
  add: {
    openCount: -1,
    live: -1,
    [COUNTER[status]]: 1,
    ...used,
    ...(findings === 0 ? {} : { [status === 'completed' ? 'findings' : 'partialFindings']: findings }),
  },
});

const isOwnEnd = ({ owner, attempt }: Held, old: Item | undefined): boolean =>
  old?.leaseOwner === owner && old.attempt === attempt && isTerminal(old.status as TerminalStatus);
