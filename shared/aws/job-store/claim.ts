/** 6, 7. A worker takes a task. */
import { usageIn } from '../../cost/usage.ts';
import type { Job } from '../../job/job.ts';
import { jobSourcesOf, nextJobStatus } from '../../job/lifecycle.ts';
import type { ClaimedTask, ClaimRef } from '../../job/store.ts';
import { ownerOf } from '../../task/claims.ts';
import { taskSourcesOf } from '../../task/lifecycle.ts';
import type { Task } from '../../task/task.ts';
import { secondsAfter } from '../../time.ts';
import { taskKey } from '../table.ts';
import type { StoreContext } from './context.ts';
import { statusIn } from './expression.ts';
import { taskOf } from './items.ts';
import { transition } from './transition.ts';

/** A message may come a moment before its time by the worker's clock; refused, it would be dropped and sent again a minute later. */
const CLOCK_GRACE_SECONDS = 1;
const CLAIMABLE = `${statusIn(taskSourcesOf('claim'))} AND attribute_exists(#checkAt) AND #notBefore <= :soon`;

/**
 * 6. One write, whatever the task was: attempt + 1 and a lease. The nonce tells an answer that was lost from a claim that was. A task that
 * needs a large worker may still have messages on the small queue, where it was before: nobody takes it there.
 */
export async function claim(
  { db, limits, now, newNonce }: StoreContext,
  { jobId, taskId, workerSize }: ClaimRef,
  worker: string,
): Promise<ClaimedTask | undefined> {
  const owner = ownerOf(worker, newNonce());
  const at = now().toISOString();
  const leaseExpiresAt = secondsAfter(at, limits.leaseSeconds);
  const claimed = await db.write({
    kind: 'update',
    key: taskKey(jobId, taskId),
    when: workerSize === undefined ? CLAIMABLE : `${CLAIMABLE} AND #workerSize = :workerSize`,
    values: { soon: secondsAfter(at, CLOCK_GRACE_SECONDS), workerSize },
    set: { status: 'running', leaseOwner: owner, leaseExpiresAt, checkAt: leaseExpiresAt, startedAt: at },
    add: { attempt: 1 },
    remove: ['progress', 'error'],
    returning: true,
  });
  const item = claimed.ok ? claimed.item : claimed.old;
  if (item?.leaseOwner !== owner) return undefined;
  return claimedTask(taskOf(item), owner);
}

function claimedTask(task: Task, owner: string): ClaimedTask {
  const { jobId, taskId, attempt, claims } = task;
  return { task, held: { jobId, taskId, attempt, owner, claims, used: usageIn(task) } };
}

/** 7. Refused when somebody did it, or the job is being stopped: nothing depends on it. */
export async function start({ db, now }: StoreContext, job: Job, by: string): Promise<void> {
  if (!jobSourcesOf('start').includes(job.status)) return;
  const to = nextJobStatus(job.status, 'start');
  const at = now().toISOString();
  const set = { startedAt: job.startedAt ?? at };
  await db.transact(transition(job, { event: 'start', to, at, by, why: 'first task claimed', set }));
}
