/**
 * Dead letters: of tasks under their tenant, of messages under the fleet, the newest last in each partition. That of a task is written by
 * the very transaction that gives the task up; what became of the task afterwards is read from its record, never from the letter.
 */
import type { DeadLetter, DeadTask, UnreadableMessage } from '../../job/dead-letter.ts';
import { standingOf } from '../../job/dead-letter.ts';
import type { Page } from '../../job/store.ts';
import { SCHEMA_VERSION } from '../../names.ts';
import type { Task, TaskError } from '../../task/task.ts';
import {
  DEAD_PREFIX,
  deadLetterKey,
  fleetPartition,
  jobKey,
  seenMessageKey,
  taskKey,
  tenantPartition,
  unreadableKey,
} from '../table.ts';
import type { StoreContext } from './context.ts';
import type { Item } from './database.ts';
import { ABSENT, type Put } from './expression.ts';
import { expiryIn, jobOf, taskOf } from './items.ts';

/** Letters looked at for one page: where few of them still count, the page ends early, with a place to go on from. */
const MAX_LOOKED_AT = 500;

/** `expiresAtEpochSeconds`: as the task's. */
export function putDeadLetter(
  task: Task,
  { code, message }: TaskError,
  at: string,
  expiresAtEpochSeconds: number,
): Put {
  const { tenant, jobId, taskId, scanner, attempt } = task;
  const letter: DeadLetter = { tenant, jobId, taskId, scanner, code, message, attempt, at };
  return {
    kind: 'put',
    key: deadLetterKey(letter),
    item: { schemaVersion: SCHEMA_VERSION, ...letter, expiresAtEpochSeconds },
  };
}

/** Newest first: those whose task still is what the letter says. */
export function listDeadLetters(
  context: StoreContext,
  tenant: string,
  limit: number,
  after?: string,
): Promise<Page<DeadTask>> {
  return page({
    context,
    pk: tenantPartition(tenant),
    limit,
    after,
    read: (items) => stillDead(context, items.map(letterOf)),
  });
}

/** Newest first. */
export function listUnreadable(context: StoreContext, limit: number, after?: string): Promise<Page<UnreadableMessage>> {
  return page({ context, pk: fleetPartition, limit, after, read: async (items) => items.map(unreadableOf) });
}

async function page<T>(source: Source<T>): Promise<Page<T>> {
  const { limit } = source;
  const items: T[] = [];
  let lookedAt = 0;
  let last: string | undefined;
  for await (const { key, value } of candidates(source)) {
    if (value !== undefined) {
      // One more than asked for shows that there is a next page.
      if (items.length === limit) return { items, ...(last === undefined ? {} : { after: last }) };
      items.push(value);
      last = key;
    }
    lookedAt += 1;
    if (lookedAt === MAX_LOOKED_AT) return { items, after: key };
  }
  return { items };
}

interface Source<T> {
  readonly context: StoreContext;
  readonly pk: string;
  readonly limit: number;
  readonly after: string | undefined;
  /** For each item what the page shows of it; undefined: nothing. */
  readonly read: (items: readonly Item[]) => Promise<readonly (T | undefined)[]>;
}

async function* candidates<T>({ context, pk, limit, after, read }: Source<T>) {
  const query = {
    where: '#pk = :pk AND #sk BETWEEN :first AND :until',
    values: { pk, first: DEAD_PREFIX, until: `${DEAD_PREFIX}${after ?? '~'}` },
    newestFirst: true as const,
    limit: limit + 1,
  };
  for await (const items of context.db.pages(query)) {
    const values = await read(items);
    for (const [index, { sk }] of items.entries()) {
      const key = String(sk).slice(DEAD_PREFIX.length);
      if (key !== after) yield { key, value: values[index] };
    }
  }
}

/** Each with its task and job as they are now, eventually consistent; undefined for a task that was given another life since. */
async function stillDead({ db }: StoreContext, letters: readonly DeadLetter[]): Promise<(DeadTask | undefined)[]> {
  const jobIds = [...new Set(letters.map(({ jobId }) => jobId))];
  const [jobItems, taskItems] = await Promise.all([
    db.getAll(jobIds.map(jobKey)),
    db.getAll([
      ...new Map(letters.map(({ jobId, taskId }) => [`${jobId}/${taskId}`, taskKey(jobId, taskId)])).values(),
    ]),
  ]);
  const jobs = new Map(jobItems.map(jobOf).map((job) => [job?.jobId, job]));
  const tasks = new Map(taskItems.map(taskOf).map((task) => [`${task.jobId}/${task.taskId}`, task]));
  return letters.map((letter) => {
    const task = tasks.get(`${letter.jobId}/${letter.taskId}`);
    const standing = standingOf(jobs.get(letter.jobId), task);
    return task === undefined || standing === undefined || task.deadLetteredAt !== letter.at
      ? undefined
      : { letter, task, standing };
  });
}

/** Its key names one death of the task: whatever became of the task since, no other letter can be meant. */
export async function removeDeadLetter(
  { db }: StoreContext,
  letter: Pick<DeadLetter, 'tenant' | 'jobId' | 'taskId' | 'at'>,
): Promise<void> {
  await db.write({ kind: 'delete', key: deadLetterKey(letter) });
}

/** A second item, by its body alone, tells whether it came before. */
export async function recordUnreadable({ db, now, limits }: StoreContext, message: UnreadableMessage): Promise<void> {
  const at = now();
  const kept = { schemaVersion: SCHEMA_VERSION, ...expiryIn(at, limits.retentionSeconds) };
  await db.transact([
    {
      kind: 'put',
      key: seenMessageKey(message.hash),
      item: kept,
      when: ABSENT,
      values: { nowEpochSeconds: Math.floor(at.getTime() / 1000) },
    },
    { kind: 'put', key: unreadableKey(message), item: { ...kept, ...message } },
  ]);
}

const letterOf = (item: Item): DeadLetter => item as unknown as DeadLetter;

function unreadableOf(item: Item): UnreadableMessage {
  const { hash, at, reason, body, bytes, receiveCount, queue } = item as unknown as UnreadableMessage;
  return { hash, at, reason, body, bytes, receiveCount, queue };
}
