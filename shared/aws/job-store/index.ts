/** The job store on DynamoDB: the lease protocol, a file for each operation or two. */
import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { JobStore } from '../../job/store.ts';
import type { Limits } from '../../limits.ts';
import { readSpent } from './budget.ts';
import { cancel } from './cancel.ts';
import { claim, start } from './claim.ts';
import type { StoreContext } from './context.ts';
import { listDeadLetters, listUnreadable, recordUnreadable, removeDeadLetter } from './dead-letters.ts';
import { finalise, markAnnounced, markSigned } from './finalise.ts';
import { finish } from './finish.ts';
import { lockHosts, unlockHosts } from './hosts.ts';
import { heartbeat, putBack } from './lease.ts';
import { listJobs } from './list.ts';
import { nextTasks, openJobs } from './open-jobs.ts';
import { takeToken } from './rate.ts';
import { reader } from './read.ts';
import { peekJob, peekJobAndTasks, readEvents, readJob, readSpec, readTask, readTasks } from './records.ts';
import { release, releaseWaiting } from './release.ts';
import { deleteJob, readTenant } from './remove.ts';
import { retry } from './retry.ts';
import { SCHEMA, type Schema } from './schema.ts';
import { readStats } from './stats.ts';
import { recordStoppedWorker } from './stopped-workers.ts';
import { submit } from './submit.ts';
import { dueJobs, sweepJob } from './sweep.ts';
import { closeTree, markFollowed, readJobs, readTree } from './tree.ts';
import { readUpload, recordUpload } from './uploads.ts';
import { writer } from './write.ts';

export interface JobStoreDeps {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly limits: Limits;
  readonly now: () => Date;
  /** From 0 to 1, for jitter. */
  readonly random?: () => number;
  readonly newNonce?: () => string;
  /** Fewer make the paths of large jobs short enough to be tested in every order. */
  readonly transactionItems?: number;
  /** Another one lets the next version be tried before it is this one. */
  readonly schema?: Schema;
}

/** API reference, "TransactWriteItems". */
const MAX_TRANSACTION_ITEMS = 100;

export function dynamoJobStore(deps: JobStoreDeps): JobStore {
  const { table, limits, now, random = Math.random, newNonce = randomUUID } = deps;
  const { transactionItems = MAX_TRANSACTION_ITEMS, schema = SCHEMA } = deps;
  const client = DynamoDBDocumentClient.from(deps.client, { marshallOptions: { removeUndefinedValues: true } });
  const database = { client, table, now, random, schema };
  const db = { ...reader(database), ...writer(database) };
  const context: StoreContext = { db, limits, now, random, newNonce, transactionItems };
  return {
    submit: (newJob, answer) => submit(context, newJob, answer),
    readJob: (jobId) => readJob(context, jobId),
    peekJob: (jobId) => peekJob(context, jobId),
    peekJobAndTasks: (jobId) => peekJobAndTasks(context, jobId),
    readSpec: (jobId) => readSpec(context, jobId),
    readTask: (jobId, taskId) => readTask(context, jobId, taskId),
    readTasks: (jobId) => readTasks(context, jobId),
    readEvents: (jobId) => readEvents(context, jobId),
    listJobs: (filter, limit, after) => listJobs(context, filter, limit, after),
    release: (job, mode = 'now') => release(context, job, mode),
    releaseWaiting: (tenant, freedSlots) => releaseWaiting(context, tenant, freedSlots),
    claim: (ref, worker) => claim(context, ref, worker),
    start: (job, by) => start(context, job, by),
    lockHosts: (held, addresses) => lockHosts(context, held, addresses),
    unlockHosts: (held, addresses) => unlockHosts(context, held, addresses),
    heartbeat: (held, progress) => heartbeat(context, held, progress),
    putBack: (held, reason, delaySeconds, error, used) => putBack(context, held, reason, delaySeconds, error, used),
    finish: (held, end) => finish(context, held, end),
    finalise: (job, by) => finalise(context, job, by),
    markAnnounced: (job) => markAnnounced(context, job),
    markSigned: (job) => markSigned(context, job),
    readTree: (rootJobId) => readTree(context, rootJobId),
    readJobs: (jobIds) => readJobs(context, jobIds),
    closeTree: (rootJobId, by, version) => closeTree(context, rootJobId, by, version),
    markFollowed: (job, notStarted) => markFollowed(context, job, notStarted),
    cancel: (jobId, by) => cancel(context, jobId, by),
    retry: (jobId, by, change) => retry(context, jobId, by, change),
    readTenant: (jobId) => readTenant(context, jobId),
    deleteJob: (jobId) => deleteJob(context, jobId),
    listDeadLetters: (tenant, limit, after) => listDeadLetters(context, tenant, limit, after),
    removeDeadLetter: (letter) => removeDeadLetter(context, letter),
    listUnreadable: (limit, after) => listUnreadable(context, limit, after),
    recordUnreadable: (message) => recordUnreadable(context, message),
    openJobs: (tenant) => openJobs(context, tenant),
    nextTasks: (job, limit) => nextTasks(context, job, limit),
    dueJobs: (limit) => dueJobs(context, limit),
    sweepJob: (jobId) => sweepJob(context, jobId),
    readSpent: (tenant, day) => readSpent(context, tenant, day),
    readStats: (tenant, from, to) => readStats(context, tenant, from, to),
    recordStoppedWorker: (stopped) => recordStoppedWorker(context, stopped),
    recordUpload: (upload) => recordUpload(context, upload),
    readUpload: (tenant, uploadId) => readUpload(context, tenant, uploadId),
    takeToken: (tenant, principal) => takeToken(context, tenant, principal),
  };
}
