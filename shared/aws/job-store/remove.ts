/** 18. Deleting a job: a mark for a day in its place, so that a submit that was under way cannot bring half of it back. */
import { ConflictError, NotFoundError } from '../../errors.ts';
import { TERMINAL_STATUSES } from '../../status.ts';
import { jobKey } from '../table.ts';
import type { StoreContext } from './context.ts';
import { statusIn } from './expression.ts';
import { DELETED, expiryIn, jobOf } from './items.ts';
import { readJob } from './records.ts';

const MARK_SECONDS = 86_400;
/** Without these it is in no index. */
const INDEXED = ['tenant', 'tenantStatus', 'createdKey', 'checkShard', 'checkAt'];

export async function deleteJob({ db, now }: StoreContext, jobId: string): Promise<void> {
  const job = await readJob({ db }, jobId);
  if (job === undefined) throw new NotFoundError('job_not_found', `there is no job ${jobId}`);
  const marked = await db.write({
    kind: 'update',
    key: jobKey(jobId),
    when: `${statusIn(TERMINAL_STATUSES)} AND #round = :round`,
    values: { round: job.round },
    set: { status: DELETED, ...expiryIn(now(), MARK_SECONDS) },
    remove: INDEXED,
  });
  if (!marked.ok && marked.old?.status !== DELETED)
    throw new ConflictError(
      'job_state',
      `a job can be deleted once it has ended; this one is ${jobOf(marked.old)?.status}`,
    );
  await removeParts({ db }, jobId);
}

async function removeParts({ db }: Pick<StoreContext, 'db'>, jobId: string): Promise<void> {
  const { pk, sk } = jobKey(jobId);
  for await (const items of db.pages({ where: '#pk = :pk', values: { pk } }))
    await db.removeAll(items.filter((item) => item.sk !== sk).map((item) => ({ pk, sk: String(item.sk) })));
}
