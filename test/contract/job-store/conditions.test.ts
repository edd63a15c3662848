/**
 * Each conjunct of the protocol's conditions on its own: a write is refused when the record differs from what its author saw in this
 * alone. In the life of a job its neighbours mostly change with it, so that no story tells if one is missing, until the day when it is the
 * only one left. What the authors make of a refusal is told in the other files.
 */
import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobKey, lockKey, quotaKey, taskKey, treeKey } from '#shared/aws/table.ts';
import type { Job } from '#shared/job/job.ts';
import type { JobStore } from '#shared/job/store.ts';
import type { Held, TaskRef } from '#shared/task/task.ts';
import {
  claimTask,
  newJob,
  newTenant,
  readJob,
  runJob,
  type StoreUnderTest,
  startStore,
  submitJob,
} from '#test/support/store-under-test.ts';

const LIMITS = { windowTasks: 4, quotaJobs: 10, maxFailures: 3 };
const LATER = '2031-01-01T00:00:00.000Z';
const HOST = '192.0.2.7';

let under: StoreUnderTest;
let store: JobStore;
beforeAll(async () => {
  under = await startStore(LIMITS);
  store = under.store;
});
afterAll(() => under.close());

interface Scene {
  readonly tenant: string;
  readonly jobId: string;
}
type Attributes = Readonly<Record<string, unknown>>;
type Change = (scene: Scene) => Promise<unknown>;

const job =
  (attributes: Attributes): Change =>
  ({ jobId }) =>
    under.edit(jobKey(jobId), attributes);
const task =
  (attributes: Attributes, taskId = '0001'): Change =>
  ({ jobId }) =>
    under.edit(taskKey(jobId, taskId), attributes);
const quota =
  (attributes: Attributes): Change =>
  ({ tenant }) =>
    under.edit(quotaKey(tenant), attributes);
/** Of a first job. */
const tree =
  (attributes: Attributes): Change =>
  ({ jobId }) =>
    under.edit(treeKey(jobId), attributes);
const lock =
  (attributes: Attributes): Change =>
  ({ jobId }) =>
    under.edit(lockKey(`${HOST}-${jobId}`), attributes);

interface Write<S extends Scene> {
  readonly operation: 'TransactWriteItems' | 'UpdateItem' | 'PutItem' | 'DeleteItem';
  /** Which of them that `act` sends, from 1. */
  readonly nth?: number;
  readonly arrange: () => Promise<S>;
  readonly act: (scene: S) => Promise<unknown>;
  /** What may have changed since its author looked. */
  readonly differs: Readonly<Record<string, Change>>;
}

function conditions<S extends Scene>(name: string, { operation, nth = 1, arrange, act, differs }: Write<S>): void {
  const tried = async (change: Change): Promise<string> => {
    const scene = await arrange();
    let outcome = 'not sent';
    for (let n = 1; n < nth; n += 1) under.failNext(operation, async () => undefined);
    under.failNext(operation, {
      async instead(send) {
        await change(scene);
        outcome = 'refused';
        const answer = await send();
        outcome = 'written';
        return answer;
      },
    });
    await Promise.allSettled([act(scene)]);
    return outcome;
  };
  describe(name, () => {
    it('is written when all is as it was', async () => expect(await tried(async () => undefined)).toBe('written'));
    it.each(Object.entries(differs))('is refused for %s', async (_, change) =>
      expect(await tried(change)).toBe('refused'),
    );
  });
}

async function submitted(tasks: number): Promise<Scene & { readonly released: readonly TaskRef[] }> {
  const { jobId, job, released } = await submitJob(under, tasks);
  return { jobId, tenant: job.tenant, released };
}
async function claimed(): Promise<Scene & { readonly held: Held }> {
  const { released, ...scene } = await submitted(1);
  return { ...scene, held: (await claimTask(under, released[0] as TaskRef)).held };
}
async function failed(): Promise<Scene> {
  const { released, ...scene } = await submitted(3);
  await runJob(under, released, 'failed');
  return scene;
}
async function retried(): Promise<Scene> {
  const scene = await failed();
  await store.retry(scene.jobId, 'me');
  return scene;
}
async function locked(): Promise<Scene & { readonly held: Held; readonly host: string }> {
  const scene = await claimed();
  const host = `${HOST}-${scene.jobId}`;
  await store.lockHosts(scene.held, [host]);
  return { ...scene, host };
}
const newRoot = (tenant = newTenant()) => {
  const jobId = v7();
  return newJob(under, 1, { tenant, jobId, rootJobId: jobId, depth: 0 });
};
/** A first job that has ended. */
async function root(status: 'completed' | 'failed' = 'completed'): Promise<Scene & { readonly ended: Job }> {
  const { job: first, ...rest } = newRoot();
  const { jobId, tenant } = first;
  const submitted = await store.submit({ job: first, ...rest }, () => '{}');
  if (submitted.outcome !== 'created') throw new Error('the job is not new');
  return { jobId, tenant, ended: await runJob(under, submitted.released, status) };
}
const CLOSED_TREE = { 'a tree that was closed': tree({ cancelRequestedAt: LATER }) };

const release = async ({ jobId }: Scene) => store.release(await readJob(under, jobId));
const sweep = ({ jobId }: Scene) => store.sweepJob(jobId);
const cancel = ({ jobId }: Scene) => store.cancel(jobId, 'me');

const ANOTHER_HOLDER = {
  'another owner': task({ leaseOwner: 'worker-1/another-nonce' }),
  'another attempt': task({ attempt: 2 }),
};
const ANOTHER_ROUND = { 'another round of the job': job({ round: 2 }) };
const AS_READ = {
  ...ANOTHER_ROUND,
  'a job that is being stopped': job({ status: 'cancelling' }),
  'another place in the job': job({ next: 3 }),
  'another number of slots': job({ slots: 2 }),
};
const ANOTHER_LEASE = {
  'another attempt': task({ attempt: 2 }),
  'a lease that was renewed': task({ leaseExpiresAt: LATER }),
};

conditions('a submit', {
  operation: 'TransactWriteItems',
  async arrange() {
    const tenant = newTenant();
    await submitJob(under, 1, { tenant });
    const scene = newJob(under, 2, { tenant });
    return { tenant, jobId: scene.job.jobId, newJob: scene };
  },
  act: (scene) => store.submit(scene.newJob, () => '{}'),
  differs: {
    'a job of this id': job({ schemaVersion: 1 }),
    'as many open jobs as there may be': quota({ activeJobs: 10 }),
    'a window without so much room': quota({ lent: 3 }),
  },
});

conditions('a release', {
  operation: 'TransactWriteItems',
  async arrange() {
    const scene = await submitted(5);
    await job({ slots: 5 })(scene);
    return scene;
  },
  act: release,
  differs: {
    ...AS_READ,
    'a task that has ended': task({ status: 'cancelled' }, '0005'),
    'another attempt': task({ attempt: 1 }, '0005'),
    'another round of the task': task({ round: 2 }, '0005'),
    'a task that is released': task({ checkAt: LATER }, '0005'),
  },
});

conditions('a release in a new round', {
  operation: 'TransactWriteItems',
  nth: 2,
  arrange: retried,
  act: release,
  differs: {
    'a task in another state': task({ status: 'completed' }),
    'a task that is released in this round': task({ round: 2 }),
  },
});

conditions('a loan of slots', {
  operation: 'TransactWriteItems',
  arrange: retried,
  act: release,
  differs: { ...AS_READ, 'another round of the job': job({ round: 3 }), 'a full window': quota({ lent: 4 }) },
});

conditions('slots given back', {
  operation: 'TransactWriteItems',
  async arrange() {
    const { released, ...scene } = await submitted(4);
    const { held } = await claimTask(under, released[0] as TaskRef);
    await store.finish(held, { status: 'completed' });
    return scene;
  },
  act: release,
  differs: AS_READ,
});

conditions('a claim', {
  operation: 'UpdateItem',
  arrange: () => submitted(1),
  act: ({ released: [ref] }) => store.claim(ref as TaskRef, 'worker-1'),
  differs: {
    'a task that somebody holds': task({ status: 'running' }),
    'a task that is not released': task({ checkAt: undefined }),
    'a task that is to wait': task({ notBefore: LATER }),
    'a task for another size of worker': task({ workerSize: 'large' }),
  },
});

conditions('the start of a job', {
  operation: 'TransactWriteItems',
  arrange: () => submitted(1),
  act: async ({ jobId }) => store.start(await readJob(under, jobId), 'worker/1'),
  differs: { ...ANOTHER_ROUND, 'a job that has started': job({ status: 'running' }) },
});

conditions('a host lock over a void one', {
  operation: 'PutItem',
  nth: 2,
  async arrange() {
    const { held, jobId, tenant, host } = await locked();
    await store.putBack(held, 'shutdown', 0);
    return { jobId, tenant, host, next: (await claimed()).held };
  },
  act: ({ next, host }) => store.lockHosts(next, [host]),
  differs: {
    'another job': lock({ jobId: 'another' }),
    'another task': lock({ taskId: '0002' }),
    'another attempt': lock({ attempt: 2 }),
  },
});

conditions('the end of a host lock', {
  operation: 'DeleteItem',
  arrange: locked,
  act: ({ held, host }) => store.unlockHosts(held, [host]),
  differs: {
    'another job': lock({ jobId: 'another' }),
    'another task': lock({ taskId: '0002' }),
    'another attempt': lock({ attempt: 2 }),
  },
});

conditions('a heartbeat', {
  operation: 'UpdateItem',
  arrange: claimed,
  act: ({ held }) => store.heartbeat(held),
  differs: {
    ...ANOTHER_HOLDER,
    'a task that has ended': task({ status: 'completed' }),
    'a longer lease': task({ leaseExpiresAt: LATER }),
  },
});

conditions('a task put back', {
  operation: 'UpdateItem',
  arrange: claimed,
  act: ({ held }) => store.putBack(held, 'shutdown', 0),
  differs: { ...ANOTHER_HOLDER, 'a task that is being stopped': task({ status: 'cancelling' }) },
});

conditions('the end of a task', {
  operation: 'TransactWriteItems',
  arrange: claimed,
  act: ({ held }) => store.finish(held, { status: 'completed' }),
  differs: {
    ...ANOTHER_HOLDER,
    'a task that has ended': task({ status: 'failed' }),
    'a job that has ended': job({ status: 'failed' }),
  },
});

conditions('the end of a job', {
  operation: 'TransactWriteItems',
  async arrange() {
    const { held, ...scene } = await claimed();
    await store.finish(held, { status: 'completed' });
    return scene;
  },
  act: async ({ jobId }) => store.finalise(await readJob(under, jobId), 'worker/1'),
  differs: {
    ...ANOTHER_ROUND,
    'a job that is being stopped': job({ status: 'cancelling' }),
    'an open task': job({ openCount: 1 }),
    'another number of slots': job({ slots: 2 }),
  },
});

conditions('the mark of an announced end', {
  operation: 'UpdateItem',
  arrange: failed,
  act: async ({ jobId }) => store.markAnnounced(await readJob(under, jobId)),
  differs: {
    ...ANOTHER_ROUND,
    'an open job': job({ status: 'running' }),
    'follow-ups that are due': job({ followUpsDue: true }),
  },
});

conditions('the mark of a signed end', {
  operation: 'UpdateItem',
  arrange: failed,
  act: async ({ jobId }) => store.markSigned(await readJob(under, jobId)),
  differs: { ...ANOTHER_ROUND, 'an open job': job({ status: 'running' }) },
});

conditions('a retry', {
  operation: 'TransactWriteItems',
  arrange: failed,
  act: ({ jobId }) => store.retry(jobId, 'me'),
  differs: {
    ...ANOTHER_ROUND,
    'another state': job({ status: 'timed_out' }),
    'a job that has expired': job({ expiresAtEpochSeconds: 1 }),
    'as many open jobs as there may be': quota({ activeJobs: 10 }),
  },
});

conditions('a cancel', {
  operation: 'TransactWriteItems',
  arrange: () => submitted(1),
  act: cancel,
  differs: { ...ANOTHER_ROUND, 'another state': job({ status: 'running' }) },
});

conditions('a stop walk', {
  operation: 'TransactWriteItems',
  nth: 2,
  arrange: () => submitted(5),
  act: cancel,
  differs: {
    ...ANOTHER_ROUND,
    'a job that has ended': job({ status: 'cancelled' }),
    'a task that was claimed': task({ status: 'running' }),
    'another attempt': task({ attempt: 1 }),
    'another round of the task': task({ round: 2 }),
    'a task that is on the queue no more': task({ checkAt: undefined }),
    'a task that was released': task({ checkAt: LATER }, '0005'),
  },
});

conditions('a stop walk over a lease that is over', {
  operation: 'TransactWriteItems',
  async arrange() {
    const { held: _, ...scene } = await claimed();
    await cancel(scene);
    under.pass(60);
    return scene;
  },
  act: sweep,
  differs: ANOTHER_LEASE,
});

conditions('a passed deadline', {
  operation: 'TransactWriteItems',
  async arrange() {
    const scene = await submitted(1);
    await job({ deadlineAt: under.in(0) })(scene);
    return scene;
  },
  act: sweep,
  differs: {
    ...ANOTHER_ROUND,
    'another state': job({ status: 'running' }),
    'a later deadline': job({ deadlineAt: LATER }),
  },
});

conditions("the sweeper's turn", {
  operation: 'UpdateItem',
  arrange: () => submitted(1),
  act: sweep,
  differs: {
    'a job that has ended': job({ status: 'failed' }),
    "another sweeper's turn": job({ checkAt: LATER }),
  },
});

conditions('a message sent again', {
  operation: 'UpdateItem',
  nth: 2,
  async arrange() {
    const scene = await submitted(1);
    under.pass(60);
    return scene;
  },
  act: sweep,
  differs: {
    'a task that was claimed': task({ status: 'running' }),
    'another attempt': task({ attempt: 1 }),
    'one that somebody else has sent': task({ checkAt: LATER }),
  },
});

conditions('a lost lease', {
  operation: 'UpdateItem',
  nth: 2,
  async arrange() {
    const scene = await claimed();
    under.pass(60);
    return scene;
  },
  act: sweep,
  differs: { ...ANOTHER_LEASE, 'a task that is back': task({ status: 'queued' }) },
});

conditions('a task given up', {
  operation: 'TransactWriteItems',
  async arrange() {
    const scene = await claimed();
    await task({ failures: 2 })(scene);
    under.pass(60);
    return scene;
  },
  act: sweep,
  differs: {
    ...ANOTHER_LEASE,
    'a task that is back': task({ status: 'queued' }),
    'a job that has ended': job({ status: 'failed' }),
  },
});

conditions('a job deleted', {
  operation: 'UpdateItem',
  arrange: failed,
  act: ({ jobId }) => store.deleteJob(jobId),
  differs: { ...ANOTHER_ROUND, 'an open job': job({ status: 'queued' }) },
});

conditions('a follow-up', {
  operation: 'TransactWriteItems',
  async arrange() {
    const scene = await root();
    const follow = newJob(under, 1, {
      tenant: scene.tenant,
      rootJobId: scene.jobId,
      parentJobId: scene.jobId,
      depth: 1,
    });
    return { ...scene, newJob: { ...follow, joins: { version: 0, scans: ['a'] } } };
  },
  act: (scene) => store.submit(scene.newJob, () => '{}'),
  differs: { ...CLOSED_TREE, 'a tree that another job has joined': tree({ version: 1 }) },
});

conditions('a retry in a tree', {
  operation: 'TransactWriteItems',
  arrange: () => root('failed'),
  act: ({ jobId }) => store.retry(jobId, 'me'),
  differs: CLOSED_TREE,
});

conditions('a tree closed', {
  operation: 'UpdateItem',
  arrange: root,
  act: ({ jobId }) => store.closeTree(jobId, 'me', 0),
  differs: { ...CLOSED_TREE, 'a tree that another job has joined': tree({ version: 1 }) },
});

conditions('the mark of a job whose findings were looked through', {
  operation: 'UpdateItem',
  arrange: root,
  act: (scene) => store.markFollowed(scene.ended, []),
  differs: {
    ...ANOTHER_ROUND,
    'an open job': job({ status: 'queued' }),
    'a job that was looked through': job({ followUpsDue: undefined }),
  },
});
