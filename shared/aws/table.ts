/**
 * The one table: its keys, its indexes and how the key of each record is written. infra makes the table from this, local creates it from
 * this, and the store uses it. All keys are strings.
 */
import { createHash } from 'node:crypto';
import type { ScannerName } from '../scanner/definition.ts';

export interface TableIndex {
  readonly name: string;
  readonly partitionKey: string;
  readonly sortKey: string;
}

/**
 * Every index projects KEYS_ONLY: an attribute in an index costs a second write whenever it changes, and a job's counters change with
 * every task that ends.
 */
export const INDEXES = {
  /** A tenant's jobs by time. */
  byTenant: { name: 'by-tenant', partitionKey: 'tenant', sortKey: 'createdKey' },
  /** The same in one state; `tenantStatus` is `<tenant>#<status>`. */
  byTenantStatus: { name: 'by-tenant-status', partitionKey: 'tenantStatus', sortKey: 'createdKey' },
  /** Sparse: only jobs that are open, or whose evidence is not signed yet, by when the sweeper looks next. */
  openJobs: { name: 'open-jobs', partitionKey: 'checkShard', sortKey: 'checkAt' },
} as const satisfies Record<string, TableIndex>;

export const TABLE = {
  partitionKey: 'pk',
  sortKey: 'sk',
  ttlAttribute: 'expiresAtEpochSeconds',
  projection: 'KEYS_ONLY',
  indexes: Object.values(INDEXES) as readonly TableIndex[],
} as const;

export interface Key {
  readonly pk: string;
  readonly sk: string;
}

export const TASK_PREFIX = 'TASK#';
export const EVENT_PREFIX = 'EVENT#';
export const DEAD_PREFIX = 'DEAD#';

const jobPartition = (jobId: string): string => `JOB#${jobId}`;
export const tenantPartition = (tenant: string): string => `TENANT#${tenant}`;

export const jobKey = (jobId: string): Key => ({ pk: jobPartition(jobId), sk: 'JOB' });
export const specKey = (jobId: string): Key => ({ pk: jobPartition(jobId), sk: 'SPEC' });
export const taskKey = (jobId: string, taskId: string): Key => ({
  pk: jobPartition(jobId),
  sk: `${TASK_PREFIX}${taskId}`,
});
/** The tree of a root job; and, behind it, one for each job that follows from it. */
export const TREE = 'TREE';
export const treeKey = (rootJobId: string): Key => ({ pk: jobPartition(rootJobId), sk: TREE });
export const treeChildKey = (rootJobId: string, jobId: string): Key => ({
  pk: jobPartition(rootJobId),
  sk: `${TREE}#${jobId}`,
});
/** `n`, up to 9,999, tells apart and puts in order what happened in the same millisecond. */
export const eventKey = (jobId: string, at: string, n: number): Key => ({
  pk: jobPartition(jobId),
  sk: `${EVENT_PREFIX}${at}#${String(n).padStart(4, '0')}`,
});
/** The job a key belongs to. */
export const jobIdOf = ({ pk }: Pick<Key, 'pk'>): string => pk.slice(pk.indexOf('#') + 1);

export const lockKey = (address: string): Key => ({ pk: `HOST#${address}`, sk: 'LOCK' });

export const quotaKey = (tenant: string): Key => ({ pk: tenantPartition(tenant), sk: 'QUOTA' });
export const rateKey = (tenant: string, principal: string): Key => ({
  pk: tenantPartition(tenant),
  sk: `RATE#${principal}`,
});
/** What was spent on `day`, as in `2026-01-31`. */
export const budgetKey = (tenant: string, day: string): Key => ({ pk: tenantPartition(tenant), sk: `BUDGET#${day}` });
/** `day` likewise. */
export const statsKey = (tenant: string, day: string, scanner: string): Key => ({
  pk: tenantPartition(tenant),
  sk: `STATS#${day}#${scanner}`,
});
/** Of one death of one task. */
export const deadLetterKey = ({
  tenant,
  jobId,
  taskId,
  at,
}: Record<'tenant' | 'jobId' | 'taskId' | 'at', string>): Key => ({
  pk: tenantPartition(tenant),
  sk: `${DEAD_PREFIX}${at}#${jobId}#${taskId}`,
});
/** What belongs to no tenant. */
export const fleetPartition = 'FLEET';
export const unreadableKey = ({ at, hash }: Record<'at' | 'hash', string>): Key => ({
  pk: fleetPartition,
  sk: `${DEAD_PREFIX}${at}#${hash}`,
});
/** Says that a message with this hash is recorded already. */
export const seenMessageKey = (hash: string): Key => ({ pk: fleetPartition, sk: `SEEN#${hash}` });
/** The way back from a sort key of statsKey. */
export function dayAndScannerOf(sk: string): { readonly day: string; readonly scanner: ScannerName } {
  const [, day = '', scanner = ''] = sk.split('#');
  return { day, scanner: scanner as ScannerName };
}
export const uploadKey = (tenant: string, uploadId: string): Key => ({
  pk: tenantPartition(tenant),
  sk: `UPLOAD#${uploadId}`,
});
/** Why the worker of that name ended. */
export const stoppedWorkerKey = (worker: string): Key => ({ pk: fleetPartition, sk: `STOPPED#${worker}` });
export const idempotencyKey = (tenant: string, key: string): Key => ({
  pk: `${tenantPartition(tenant)}#IDEMPOTENCY#${key}`,
  sk: 'IDEMPOTENCY',
});

/** A partition key may have 2,048 bytes (DynamoDB developer guide, "Quotas"), and so may a target alone: long ones go by their hash. */
const MAX_TARGET_IN_KEY = 512;
const targetInKey = (target: string): string =>
  target.length <= MAX_TARGET_IN_KEY ? target : `sha256:${createHash('sha256').update(target).digest('hex')}`;

/** Where the jobs of a tenant that scan `target` are listed, and those of `project`. */
export const targetPartition = (tenant: string, target: string): string =>
  `${tenantPartition(tenant)}#TARGET#${targetInKey(target)}`;
export const projectPartition = (tenant: string, project: string): string =>
  `${tenantPartition(tenant)}#PROJECT#${project}`;

/** Sorts jobs by time in every list: `<createdAt>#<jobId>`. */
export const createdKeyOf = (job: { readonly createdAt: string; readonly jobId: string }): string =>
  `${job.createdAt}#${job.jobId}`;
export const jobIdOfCreatedKey = (createdKey: string): string => createdKey.slice(createdKey.indexOf('#') + 1);
export const tenantStatusOf = (tenant: string, status: string): string => `${tenant}#${status}`;

/** Four partitions share the index of open jobs, so that no single one meets all its writes. */
export const CHECK_SHARDS = ['OPEN#0', 'OPEN#1', 'OPEN#2', 'OPEN#3'] as const;
/** Of the last hexadecimal digit of the id, which is random in a UUIDv7 (RFC 9562, section 5.7). */
export const checkShardOf = (jobId: string): string => `OPEN#${Number.parseInt(jobId.slice(-1), 16) % 4}`;
