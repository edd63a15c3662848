/** What is open now, by the indexes that hold nothing else; a bounded number of reads, however much there is. */
import type { Job } from '../../job/job.ts';
import { jobSourcesOf } from '../../job/lifecycle.ts';
import { inOrderOfRelease } from '../../job/slots.ts';
import { statusInRound } from '../../task/lifecycle.ts';
import { type Task, taskIdOf } from '../../task/task.ts';
import { CHECK_SHARDS, INDEXES, jobIdOf, jobKey, type TableIndex, tenantStatusOf } from '../table.ts';
import type { StoreContext } from './context.ts';
import { jobOf } from './items.ts';
import { taskPages } from './records.ts';

const MAX_OF_PARTITION = 100;
const OPEN_STATUSES = jobSourcesOf('finalise');

/** Of the tenant, or of all; in the order in which their tasks are released. Eventually consistent. */
export async function openJobs({ db }: StoreContext, tenant?: string): Promise<readonly Job[]> {
  const index: TableIndex = tenant === undefined ? INDEXES.openJobs : INDEXES.byTenantStatus;
  const partitions =
    tenant === undefined ? CHECK_SHARDS : OPEN_STATUSES.map((status) => tenantStatusOf(tenant, status));
  const found = await Promise.all(
    partitions.map(async (partition) => {
      const where = `#${index.partitionKey} = :partition`;
      const query = { index: index.name, where, values: { partition }, limit: MAX_OF_PARTITION };
      return (await db.pages(query).next()).value ?? [];
    }),
  );
  const keys = new Set(found.flat().map(({ pk }) => jobIdOf({ pk: String(pk) })));
  const jobs = (await db.getAll([...keys].map(jobKey))).map(jobOf);
  return jobs
    .filter((job) => job !== undefined && OPEN_STATUSES.includes(job.status))
    .map((job) => job as Job)
    .sort(inOrderOfRelease);
}

/** Tasks that were released long ago and wait still are looked for among so many before the first that was not released. */
const LOOKED_BACK = 100;

/** Up to `limit` tasks of the job that wait for a worker, in order of number. */
export async function nextTasks(context: StoreContext, job: Job, limit: number): Promise<readonly Task[]> {
  const from = taskIdOf(Math.max(0, job.next - LOOKED_BACK));
  const page = await taskPages(context, job.jobId, from, LOOKED_BACK + limit).next();
  return ((page.value ?? []) as readonly Task[])
    .filter((task) => statusInRound(task, job.round) === 'queued')
    .slice(0, limit);
}
