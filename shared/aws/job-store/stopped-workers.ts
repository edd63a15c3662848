/** What ended workers, kept for whoever loses the leases they held. */
import { SCHEMA_VERSION } from '../../names.ts';
import { workerOf } from '../../task/claims.ts';
import type { StoppedWorker } from '../../task/stopped-worker.ts';
import type { Task, TaskError } from '../../task/task.ts';
import { epochSecondsOf } from '../../time.ts';
import { stoppedWorkerKey } from '../table.ts';
import type { StoreContext } from './context.ts';
import { ABSENT } from './expression.ts';
import { expiryIn } from './items.ts';

/** A lease is lost within minutes of its worker; a sweeper that stood still may be late. */
const KEPT_SECONDS = 86_400;

/** An older report never replaces a newer one, and the same again changes nothing. */
export async function recordStoppedWorker(
  { db, now }: StoreContext,
  { worker, version, error }: StoppedWorker,
): Promise<void> {
  await db.write({
    kind: 'update',
    key: stoppedWorkerKey(worker),
    when: `(${ABSENT} OR #version < :version)`,
    values: { version, nowEpochSeconds: epochSecondsOf(now()) },
    set: { schemaVersion: SCHEMA_VERSION, version, error, ...expiryIn(now(), KEPT_SECONDS) },
  });
}

/** By worker: what ended those that hold `tasks`, as far as anybody said. */
export async function stopErrors(
  { db }: Pick<StoreContext, 'db'>,
  tasks: readonly Task[],
): Promise<ReadonlyMap<string, TaskError>> {
  const errors = new Map<string, TaskError>();
  const workers = new Set(tasks.flatMap(({ leaseOwner }) => (leaseOwner === undefined ? [] : [workerOf(leaseOwner)])));
  for (const worker of workers) {
    const item = await db.get(stoppedWorkerKey(worker));
    if (item !== undefined) errors.set(worker, item.error as TaskError);
  }
  return errors;
}
