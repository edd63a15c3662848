/**
 * 8, 17. One task at a time for each target host. A lock names a task and its attempt, and is void once that attempt holds the task no
 * longer: so it needs no renewal, no clock and no sweep.
 */
import { SCHEMA_VERSION } from '../../names.ts';
import type { Held } from '../../task/task.ts';
import { lockKey } from '../table.ts';
import type { StoreContext } from './context.ts';
import type { Item, Transacted } from './database.ts';
import { ABSENT, type Attributes, type Delete, type Put, type Write } from './expression.ts';
import { expiryIn, isHeld } from './items.ts';
import { readTask } from './records.ts';

const MAX_TRIES = 3;
/** Longer than any attempt, which ends with the job's deadline of a day at most: a lock left behind disappears by itself. */
const LOCK_TTL_SECONDS = 2 * 86_400;
const MINE = '#jobId = :jobId AND #taskId = :taskId AND #attempt = :attempt';
const VOID = '#jobId = :voidJobId AND #taskId = :voidTaskId AND #attempt = :voidAttempt';

type Lock = Pick<Held, 'jobId' | 'taskId' | 'attempt'>;

/** 8. All addresses or none. */
export async function lockHosts(
  context: StoreContext,
  held: Held,
  addresses: readonly string[],
): Promise<'locked' | 'busy'> {
  const hosts = [...new Set(addresses)];
  if (hosts.length === 0) return 'locked';
  const voids = new Map<string, Lock>();
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const puts = hosts.map((host) => putLock(context, held, host, voids.get(host)));
    const locked = await allOrNone(context, puts);
    if (locked.ok) return 'locked';
    for (const [index, { failed, old }] of locked.refusals.entries())
      if (failed && old !== undefined) voids.set(hosts[index] as string, lockOf(old));
    if (!(await areVoid(context, voids.values()))) return 'busy';
  }
  return 'busy';
}

/** 17. Best effort: a lock that somebody has taken over by now is theirs, and one left behind is void. */
export async function unlockHosts(context: StoreContext, held: Held, addresses: readonly string[]): Promise<void> {
  let hosts = [...new Set(addresses)];
  for (let tries = 1; tries <= MAX_TRIES && hosts.length > 0; tries += 1) {
    const unlocked = await allOrNone(
      context,
      hosts.map((host): Delete => ({ kind: 'delete', key: lockKey(host), when: MINE, values: valuesOf(held) })),
    );
    if (unlocked.ok) return;
    hosts = hosts.filter((_, index) => !unlocked.refusals[index]?.failed);
  }
}

/**
 * One write needs no transaction, which would cost it twice (developer guide, "Capacity management for transactions"), nor its token: a lock
 * is put, and taken away, as often as one likes.
 */
async function allOrNone({ db }: StoreContext, writes: readonly Write[]): Promise<Transacted> {
  const [only, ...others] = writes;
  if (only === undefined || others.length > 0) return db.transact(writes);
  const written = await db.write(only);
  return written.ok ? written : { ok: false, refusals: [{ failed: true, old: written.old }] };
}

function putLock({ now }: StoreContext, held: Held, host: string, found?: Lock): Put {
  const at = now();
  return {
    kind: 'put',
    key: lockKey(host),
    item: { schemaVersion: SCHEMA_VERSION, ...valuesOf(held), ...expiryIn(at, LOCK_TTL_SECONDS) },
    when: `${ABSENT} OR (${MINE})${found === undefined ? '' : ` OR (${VOID})`}`,
    values: {
      nowEpochSeconds: Math.floor(at.getTime() / 1000),
      ...valuesOf(held),
      ...(found && { voidJobId: found.jobId, voidTaskId: found.taskId, voidAttempt: found.attempt }),
    },
  };
}

const valuesOf = ({ jobId, taskId, attempt }: Lock): Attributes => ({ jobId, taskId, attempt });

const lockOf = (item: Item): Lock => item as unknown as Lock;

async function areVoid(context: StoreContext, locks: Iterable<Lock>): Promise<boolean> {
  for (const { jobId, taskId, attempt } of locks) {
    const task = await readTask(context, jobId, taskId);
    if (task !== undefined && task.attempt === attempt && isHeld(task)) return false;
  }
  return true;
}
