/** 18. Deleting a job: a mark for a day in its place, so that a submit that was under way cannot bring half of it back. */
import { ConflictError, NotFoundError } from '../../errors.ts';
import type { Job } from '../../job/job.ts';
import { TERMINAL_STATUSES } from '../../status.ts';
import { jobKey } from '../table.ts';
import type { StoreContext } from './context.ts';
import { statusIn } from './expression.ts';
import { DELETED, expiryIn, jobOf } from './items.ts';

const MARK_SECONDS = 86_400;
/** Without these it is in no index. The tenant stays: whose the job was decides who may delete it again, should the first time break off. */
const INDEXED = ['tenantStatus', 'createdKey', 'checkShard', 'checkAt'];

/** Of a job, or of the mark that a deleted one left. */
export async function readTenant({ db }: Pick<StoreContext, 'db'>, jobId: string): Promise<string | undefined> {
  const item = await db.get(jobKey(jobId));
  return typeof item?.tenant === 'string' ? item.tenant : undefined;
}

export async function deleteJob(context: StoreContext, jobId: string): Promise<void> {
  const item = await context.db.get(jobKey(jobId));
  if (item === undefined) throw new NotFoundError('job_not_found', `there is no job ${jobId}`);
  const job = jobOf(item);
  if (job !== undefined) await mark(context, job);
  await removeParts(context, jobId);
}

async function mark({ db, now }: StoreContext, { jobId, round }: Job): Promise<void> {
  const marked = await db.write({
    kind: 'update',
    key: jobKey(jobId),
    when: `${statusIn(TERMINAL_STATUSES)} AND #round = :round`,
    values: { round },
    set: { status: DELETED, ...expiryIn(now(), MARK_SECONDS) },
    remove: INDEXED,
  });
  if (!marked.ok && marked.old?.status !== DELETED)
    throw new ConflictError(
      'job_state',
      `a job can be deleted once it has ended; this one is ${jobOf(marked.old)?.status}`,
    );
}

async function removeParts({ db }: Pick<StoreContext, 'db'>, jobId: string): Promise<void> {
  const { pk, sk } = jobKey(jobId);
  for await (const items of db.pages({ where: '#pk = :pk', values: { pk } }))
    await db.removeAll(items.filter((item) => item.sk !== sk).map((item) => ({ pk, sk: String(item.sk) })));
}
