/** Lists of jobs: keys from the narrowest index there is, newest first; then the jobs; then what the index could not filter. */
import { SEVERITIES } from '../../finding/severity.ts';
import type { Job } from '../../job/job.ts';
import type { JobFilter, Page } from '../../job/store.ts';
import {
  createdKeyOf,
  INDEXES,
  jobIdOfCreatedKey,
  jobKey,
  projectPartition,
  targetPartition,
  tenantStatusOf,
} from '../table.ts';
import type { StoreContext } from './context.ts';
import type { Query } from './database.ts';
import { jobOf } from './items.ts';

/** Jobs looked at for one page: a filter that fits few of them ends the page early, with a place to go on from. */
const MAX_LOOKED_AT = 1_000;
const PAGE = 100;
/** Before and after every key. */
const FIRST = '0';
const LAST = '~';

export async function listJobs(
  context: StoreContext,
  filter: JobFilter,
  limit: number,
  after?: string,
): Promise<Page<Job>> {
  const items: Job[] = [];
  let lookedAt = 0;
  for await (const { key, job } of candidates(context, filter, after)) {
    if (job !== undefined && fits(job, filter)) {
      // One more than asked for shows that there is a next page.
      if (items.length === limit) return { items, after: createdKeyOf(items[limit - 1] as Job) };
      items.push(job);
    }
    lookedAt += 1;
    if (lookedAt === MAX_LOOKED_AT) return { items, after: key };
  }
  return { items };
}

interface Candidate {
  readonly key: string;
  /** Undefined where the index still names a job that is gone. */
  readonly job: Job | undefined;
}

async function* candidates({ db }: StoreContext, filter: JobFilter, after?: string): AsyncGenerator<Candidate> {
  const { query, sortKey } = queryOf(filter, after);
  if (query === undefined) return;
  for await (const entries of db.pages(query)) {
    const keys = entries.map((entry) => String(entry[sortKey])).filter((key) => key !== after);
    const items = await db.getAll(keys.map((key) => jobKey(jobIdOfCreatedKey(key))));
    const jobs = new Map(items.map(jobOf).map((job) => [job?.jobId, job]));
    yield* keys.map((key) => ({ key, job: jobs.get(jobIdOfCreatedKey(key)) }));
  }
}

interface Source {
  readonly index?: string;
  readonly partitionKey: string;
  readonly partition: string;
  readonly sortKey: string;
}

function sourceOf({ tenant, target, project, status }: JobFilter): Source {
  const ofTable = (partition: string) => ({ partitionKey: 'pk', partition, sortKey: 'sk' });
  if (target !== undefined) return ofTable(targetPartition(tenant, target));
  if (project !== undefined) return ofTable(projectPartition(tenant, project));
  const { name: index, ...keys } = status === undefined ? INDEXES.byTenant : INDEXES.byTenantStatus;
  return { index, ...keys, partition: status === undefined ? tenant : tenantStatusOf(tenant, status) };
}

/** `<createdAt>#<jobId>` is more than its `createdAt` alone: BETWEEN, which includes both ends, so keeps `from` and leaves out `to`. */
function queryOf(filter: JobFilter, after = LAST): { query: Query | undefined; sortKey: string } {
  const { index, partitionKey, partition, sortKey } = sourceOf(filter);
  const { from = FIRST, to = LAST } = filter;
  const until = to < after ? to : after;
  const query = {
    ...(index === undefined ? {} : { index }),
    where: `#${partitionKey} = :partition AND #${sortKey} BETWEEN :from AND :until`,
    values: { partition, from, until },
    newestFirst: true as const,
    limit: PAGE,
  };
  return { query: from <= until ? query : undefined, sortKey };
}

function fits(job: Job, { tenant, status, scanner, project, minSeverity }: JobFilter): boolean {
  return (
    job.tenant === tenant &&
    (status === undefined || job.status === status) &&
    (scanner === undefined || (job.scanners as readonly string[]).includes(scanner)) &&
    (project === undefined || job.project === project) &&
    (minSeverity === undefined || severest(job) <= SEVERITIES.indexOf(minSeverity))
  );
}

/** Place of its severest finding in SEVERITIES; beyond the end without any. */
function severest({ summary }: Job): number {
  const place = SEVERITIES.findIndex((severity) => (summary?.bySeverity[severity] ?? 0) > 0);
  return place === -1 ? SEVERITIES.length : place;
}
