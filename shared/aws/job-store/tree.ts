/**
 * 24, 25. Jobs that follow from another: each is listed under the first of them, its root. Whoever adds a job, or opens one again, moves
 * the tree's version in the same transaction, so that what was read of the tree still holds when the job is made: nothing is scanned
 * twice, and nothing starts once the tree is closed.
 */
import type { NotStarted, Tree } from '../../follow-up/rule.ts';
import type { Job } from '../../job/job.ts';
import type { NewJob } from '../../job/store.ts';
import { SCHEMA_VERSION } from '../../names.ts';
import { TERMINAL_STATUSES } from '../../status.ts';
import { jobKey, TREE, treeChildKey, treeKey } from '../table.ts';
import type { StoreContext } from './context.ts';
import { statusIn, type Update, type Write } from './expression.ts';
import { jobOf, partsExpireAt } from './items.ts';

const NOT_CLOSED = 'attribute_exists(#pk) AND attribute_not_exists(#cancelRequestedAt)';

/** What a new job writes of its tree: a root begins one, a follow-up joins one. None for a job that nothing follows from. */
export function treeWrites({ joins }: Pick<NewJob, 'joins'>, job: Job): Write[] {
  const { rootJobId, jobId } = job;
  if (rootJobId === undefined) return [];
  const item = { schemaVersion: SCHEMA_VERSION, expiresAtEpochSeconds: partsExpireAt(job) };
  if (joins === undefined) return [{ kind: 'put', key: treeKey(jobId), item: { ...item, version: 0 } }];
  const { version, scans } = joins;
  return [
    { ...movedTree(rootJobId), when: `${NOT_CLOSED} AND #version = :version`, values: { version } },
    { kind: 'put', key: treeChildKey(rootJobId, jobId), item: { ...item, jobId, scans } },
  ];
}

/** A job of the tree is opened again. */
export const reopenInTree = ({ rootJobId }: Job): Update[] =>
  rootJobId === undefined ? [] : [{ ...movedTree(rootJobId), when: NOT_CLOSED }];

const movedTree = (rootJobId: string): Update => ({ kind: 'update', key: treeKey(rootJobId), add: { version: 1 } });

export async function readTree({ db }: Pick<StoreContext, 'db'>, rootJobId: string): Promise<Tree | undefined> {
  const { pk } = treeKey(rootJobId);
  const query = { where: '#pk = :pk AND begins_with(#sk, :prefix)', values: { pk, prefix: TREE } };
  let tree: Tree | undefined;
  for await (const items of db.pages(query))
    for (const item of items) {
      if (item.sk === TREE) tree = { ...treeOf(item), children: [] };
      else if (tree !== undefined) tree = { ...tree, children: [...tree.children, childOf(item)] };
    }
  return tree;
}

type Item = Readonly<Record<string, unknown>>;

function treeOf(item: Item): Omit<Tree, 'children'> {
  const { version, cancelRequestedAt, cancelRequestedBy } = item as unknown as Tree;
  return { version, ...(cancelRequestedAt ? { cancelRequestedAt, cancelRequestedBy } : {}) } as Omit<Tree, 'children'>;
}

const childOf = (item: Item): Tree['children'][number] => {
  const { jobId, scans } = item as unknown as Tree['children'][number];
  return { jobId, scans };
};

export const readJobs = async ({ db }: Pick<StoreContext, 'db'>, jobIds: readonly string[]): Promise<readonly Job[]> =>
  (await db.getAll(jobIds.map(jobKey), 'consistent')).map(jobOf).filter((job) => job !== undefined);

/** Who closed the tree of an open job; undefined for a tree that is not closed. */
export async function closerOf({ db }: Pick<StoreContext, 'db'>, { rootJobId }: Job): Promise<string | undefined> {
  const item = rootJobId === undefined ? undefined : await db.get(treeKey(rootJobId));
  return item && treeOf(item).cancelRequestedBy;
}

/** 24. */
export async function closeTree(
  { db, now }: StoreContext,
  rootJobId: string,
  by: string,
  version?: number,
): Promise<boolean> {
  const closed = await db.write({
    kind: 'update',
    key: treeKey(rootJobId),
    when: version === undefined ? NOT_CLOSED : `${NOT_CLOSED} AND #version = :version`,
    values: { version },
    set: { cancelRequestedAt: now().toISOString(), cancelRequestedBy: by },
  });
  return closed.ok || (closed.old !== undefined && treeOf(closed.old).cancelRequestedAt !== undefined);
}

/** 25. Refused when the job was retried or deleted meanwhile, which is as good: its next end looks anew. */
export async function markFollowed({ db }: StoreContext, job: Job, notStarted: readonly NotStarted[]): Promise<void> {
  await db.write({
    kind: 'update',
    key: jobKey(job.jobId),
    when: `${statusIn(TERMINAL_STATUSES)} AND #round = :round AND attribute_exists(#followUpsDue)`,
    values: { round: job.round },
    set: { notStarted: notStarted.length > 0 ? notStarted : undefined },
    remove: ['followUpsDue'],
  });
}
