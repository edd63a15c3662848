/** What follows from a job's findings, on the real store: once, whatever is repeated, lost or killed; and nothing once the tree is cancelled. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cancelJob } from '#functions/cancel-job/cancel-job.ts';
import { deleteJob } from '#functions/delete-job/delete-job.ts';
import { httpHandler } from '#functions/middleware/http.ts';
import { routes } from '#shared/contracts/routes.ts';
import { readWholeTree } from '#shared/follow-up/tree.ts';
import { followUpsView } from '#shared/follow-up/tree-view.ts';
import type { Job } from '#shared/job/job.ts';
import { DEFAULT_LIMITS } from '#shared/limits.ts';
import type { Denials } from '#shared/target/denials.ts';
import { readPolicy } from '#shared/target/policy.ts';
import { aFinding, TENANT } from '#test/support/job-records.ts';
import { captureLog } from '#test/support/log-lines.ts';
import { memoryResults } from '#test/support/memory-results.ts';
import { CALLERS, call } from '#test/support/proxy-event.ts';
import { race, readJob, type StoreUnderTest, startStore } from '#test/support/store-under-test.ts';
import { GOBUSTER, httpPort, NUCLEI, ON_HTTP, trees } from '#test/support/trees.ts';

let under: StoreUnderTest;
let log: ReturnType<typeof captureLog>;
beforeAll(async () => {
  under = await startStore({ quotaJobs: 50, retentionSeconds: 3_600 });
});
afterAll(() => under.close());
beforeEach(() => {
  log = captureLog();
});
afterEach(() => under.decideFaults(undefined));

const FOUND = [httpPort(80), httpPort(8080), aFinding()];
const STARTED = [
  'gobuster http://203.0.113.7/,http://203.0.113.7:8080/',
  'nuclei http://203.0.113.7/,http://203.0.113.7:8080/',
];
const viewOf = async (jobId: string) => {
  const whole = await readWholeTree(under.store, jobId);
  if (whole === undefined) throw new Error('there is no tree');
  return followUpsView(whole);
};

describe('a job that has ended', () => {
  it('starts one job a scanner on what its findings call for, as its caller and with what it was given', async () => {
    const chain = trees(under);
    const root = await chain.ended(FOUND, { project: 'shop', priority: 'high', name: 'weekly', deadlineSeconds: 600 });
    under.pass(100);
    expect(await chain.run(root)).toMatchObject({ outcome: 'followed', started: 2, notStarted: [] });
    expect(await chain.started(root.jobId)).toEqual(STARTED);
    const [child] = (await chain.tree(root.jobId)).children;
    const job = await readJob(under, child?.jobId ?? '');
    const { tenant, createdBy, traceId, profile, deadlineAt } = root;
    expect(job).toMatchObject({ tenant, createdBy, traceId, profile, deadlineAt });
    expect(job).toMatchObject({ project: 'shop', priority: 'high', name: 'weekly', depth: 1, status: 'queued' });
    expect([job.rootJobId, job.parentJobId]).toEqual([root.jobId, root.jobId]);
    expect((await under.store.readSpec(job.jobId))?.followUps).toEqual([ON_HTTP]);
  });

  it('is looked through until that is done, and then left alone', async () => {
    const chain = trees(under);
    const root = await chain.ended(FOUND);
    await under.store.markSigned(root);
    await under.store.markAnnounced(root);
    expect(await readJob(under, root.jobId)).toMatchObject({ followUpsDue: true, checkAt: root.finishedAt });
    expect((await under.store.sweepJob(root.jobId)).finished?.jobId).toBe(root.jobId);
    await chain.run(root);
    const followed = await readJob(under, root.jobId);
    expect([followed.followUpsDue, followed.checkAt]).toEqual([undefined, undefined]);
    expect(await under.store.sweepJob(root.jobId)).toMatchObject({ actions: {} });
  });

  it('starts nothing twice, told twice, one after the other or at once', async () => {
    const chain = trees(under);
    const root = await chain.ended(FOUND);
    await race(
      () => chain.run(root),
      () => chain.run(root),
    );
    expect(await chain.run(root)).toMatchObject({ outcome: 'nothing_due' });
    expect(await chain.started(root.jobId)).toEqual(STARTED);
  });

  it('starts nothing when it was cancelled, or is told of in an earlier round', async () => {
    const chain = trees(under);
    const cancelled = await chain.submit();
    const ended = await under.store.cancel(cancelled.jobId, 'me');
    expect(ended.followUpsDue).toBeUndefined();
    expect(await chain.run(ended)).toMatchObject({ outcome: 'nothing_due' });
    const root = await chain.ended(FOUND);
    expect(await chain.run({ ...root, round: 2 })).toMatchObject({ outcome: 'nothing_due' });
    expect(await chain.started(root.jobId)).toEqual([]);
  });

  it('has each scan once in its tree, whoever calls for it', async () => {
    const rules = [ON_HTTP, { when: { scanner: 'gobuster' as const }, scanners: [GOBUSTER, NUCLEI] }];
    const chain = trees(under);
    const root = await chain.ended([httpPort(80)], { rules });
    await chain.run(root);
    const [gobuster] = (await chain.tree(root.jobId)).children;
    const url = 'http://203.0.113.7/';
    const again = aFinding({ scanner: 'gobuster', rule: 'found-path', location: { host: '203.0.113.7', url } });
    const deeper = aFinding({
      scanner: 'gobuster',
      rule: 'found-path',
      location: { host: '203.0.113.7', url: `${url}a` },
    });
    const child = await chain.end(gobuster?.jobId ?? '', [again, deeper]);
    await chain.run(child);
    expect(await chain.started(root.jobId)).toEqual([
      ...['gobuster http://203.0.113.7/', 'nuclei http://203.0.113.7/'],
      ...['gobuster http://203.0.113.7/a', 'nuclei http://203.0.113.7/a'],
    ]);
  });
});

describe('a run that is killed', () => {
  class Killed extends Error {}

  /** Runs with a death at the nth call to the table: before it is sent, or before its answer is read. Whether it came so far. */
  async function runKilled(chain: ReturnType<typeof trees>, root: Job, nth: number, when: 'before' | 'after') {
    let calls = 0;
    under.decideFaults(() => {
      calls += 1;
      if (calls < nth) return undefined;
      return {
        async instead(send) {
          if (when === 'after' && calls === nth) await send();
          throw new Killed();
        },
      };
    });
    const killed = await chain.run(root).then(
      () => false,
      (error) => error instanceof Killed,
    );
    under.decideFaults(undefined);
    return killed;
  }

  it.each(['before', 'after'] as const)('%s any of its calls is made up for by the next', async (when) => {
    let nth = 0;
    for (let killed = true; killed; ) {
      nth += 1;
      const chain = trees(under);
      const root = await chain.ended(FOUND);
      killed = await runKilled(chain, root, nth, when);
      const { followUpsDue } = await readJob(under, root.jobId);
      if (followUpsDue) expect((await under.store.sweepJob(root.jobId)).finished?.jobId).toBe(root.jobId);
      await chain.run(root);
      expect(await chain.started(root.jobId), `killed at call ${nth}`).toEqual(STARTED);
      expect((await readJob(under, root.jobId)).followUpsDue).toBeUndefined();
    }
    expect(nth).toBeGreaterThan(8);
  });

  it('starts again when what it depends on was away', async () => {
    const chain = trees(under);
    const root = await chain.ended(FOUND);
    await expect(chain.run(root, { policy: () => Promise.reject(new Killed()) })).rejects.toThrow(Killed);
    await chain.run(root);
    expect(await chain.started(root.jobId)).toEqual(STARTED);
  });
});

describe('what is not started', () => {
  it('is cut off where the tree has as many as it may have, and told', async () => {
    const chain = trees(under, { limits: { ...DEFAULT_LIMITS, followUpScans: 3 } });
    const root = await chain.ended(FOUND);
    await chain.run(root);
    expect(await chain.started(root.jobId)).toEqual([STARTED[0], 'nuclei http://203.0.113.7/']);
    expect((await readJob(under, root.jobId)).notStarted).toEqual([
      {
        scanner: 'nuclei',
        code: 'fan_out',
        reason: 'a tree of jobs may have 3 follow-up scans (SCANFLEET_FOLLOW_UP_SCANS)',
        targets: 1,
        examples: ['http://203.0.113.7:8080/'],
      },
    ]);
    expect(await viewOf(root.jobId)).toMatchObject({
      settled: false,
      verdict: null,
      notStarted: [{ jobId: root.jobId, code: 'fan_out' }],
    });
  });

  it('makes the verdict of the tree incomplete, though every job is clean', async () => {
    const there = { gobuster: { available: true }, nuclei: { available: false, reason: 'not here' } } as const;
    const chain = trees(under, { availability: async () => there });
    const root = await chain.ended([httpPort(80)]);
    await chain.run(root);
    const [gobuster] = (await chain.tree(root.jobId)).children;
    await chain.run(await chain.end(gobuster?.jobId ?? '', []));
    expect(await viewOf(root.jobId)).toMatchObject({
      settled: true,
      verdict: 'incomplete',
      covered: 2,
      uncovered: 1,
      jobs: [{ scanners: ['gobuster'], status: 'completed', verdict: 'clean' }],
      notStarted: [{ scanner: 'nuclei', code: 'unavailable', reason: 'not here' }],
    });
  });

  it('waits while the quota is full, and is told once the deadline of the first job has passed', async () => {
    const store = under.withLimits({ quotaJobs: 1 });
    const chain = trees(under, { jobs: store });
    const root = await chain.ended([httpPort(80)], { deadlineSeconds: 60 });
    expect(await chain.run(root)).toMatchObject({ outcome: 'waiting', started: 1 });
    expect(await chain.started(root.jobId)).toEqual(['gobuster http://203.0.113.7/']);
    expect((await readJob(under, root.jobId)).followUpsDue).toBe(true);
    under.pass(61);
    expect(await chain.run(root)).toMatchObject({
      outcome: 'followed',
      notStarted: [{ scanner: 'nuclei', code: 'deadline' }],
    });
  });

  it('is told of findings that cannot be read, instead of trying for ever', async () => {
    const chain = trees(under);
    const root = await chain.ended(FOUND);
    for (const key of chain.results.objects.keys()) chain.results.objects.delete(key);
    expect(await chain.run(root)).toMatchObject({ outcome: 'followed', started: 0 });
    expect((await readJob(under, root.jobId)).notStarted).toMatchObject([
      { scanner: 'gobuster', code: 'unreadable', targets: 0 },
      { scanner: 'nuclei', code: 'unreadable' },
    ]);
    expect((await viewOf(root.jobId)).verdict).toBe('incomplete');
    expect(log.lines).toContainEqual(expect.objectContaining({ level: 'ERROR' }));
  });

  it('is what the policy of that moment denies', async () => {
    const policy = async () => readPolicy({ deny: [{ cidr: '203.0.113.0/24', reason: 'not today' }] });
    const announced: Denials[] = [];
    const targetsDenied = async (denials: Denials) => void announced.push(denials);
    const chain = trees(under, { policy, events: { jobSubmitted: async () => undefined, targetsDenied } });
    const root = await chain.ended([httpPort(80)]);
    expect(await chain.run(root)).toMatchObject({
      started: 0,
      notStarted: [{ scanner: 'gobuster', code: 'denied', reason: 'not today' }, { scanner: 'nuclei' }],
    });
    const denied = { target: 'http://203.0.113.7/', code: 'denied_by_rule', reason: 'not today' };
    expect(announced).toMatchObject([
      { by: 'submit', jobId: root.jobId, tenant: root.tenant, targets: [denied, denied] },
    ]);
  });
});

const middleware = { jobs: { takeToken: async () => ({ ok: true }) as const }, callers: CALLERS };
const sent: string[] = [];
const cancelDeps = () => ({
  jobs: under.store,
  queue: { send: async () => undefined },
  results: memoryResults(),
  events: { jobFinished: async ({ jobId }: { jobId: string }) => void sent.push(jobId) },
});
const cancel = (jobId: string) =>
  call(
    httpHandler(routes.cancelJob, middleware, (input) => cancelJob(cancelDeps(), input)),
    { pathParameters: { jobId } },
  );

describe('a cancel of the first job', () => {
  const OWN = { tenant: TENANT };

  it('stops all that followed, although the first job has ended, and is answered alike again', async () => {
    const chain = trees(under);
    const root = await chain.ended(FOUND, OWN);
    await chain.run(root);
    for (const _ of ['first', 'again']) {
      const { status, json } = await cancel(root.jobId);
      expect([status, json.status]).toEqual([202, 'completed']);
    }
    expect(await viewOf(root.jobId)).toMatchObject({
      settled: true,
      verdict: 'incomplete',
      cancelRequestedBy: '111111111111/acme',
      jobs: [{ status: 'cancelled' }, { status: 'cancelled' }],
    });
  });

  it('starts nothing more, at whatever moment of a run it comes', async () => {
    for (let nth = 1; ; nth += 1) {
      const chain = trees(under);
      const root = await chain.ended(FOUND, OWN);
      let calls = 0;
      let cancelled = false;
      under.decideFaults(() => {
        if (cancelled || ++calls !== nth) return undefined;
        cancelled = true;
        return async () => void (await cancel(root.jobId));
      });
      await chain.run(root);
      under.decideFaults(undefined);
      if (!cancelled) break;
      const { children } = await chain.tree(root.jobId);
      const jobs = await under.store.readJobs(children.map((child) => child.jobId));
      expect(
        jobs.map(({ status }) => status),
        `at call ${nth}`,
      ).toEqual(children.map(() => 'cancelled'));
      if ((await readJob(under, root.jobId)).followUpsDue) await chain.run(root);
      expect((await chain.tree(root.jobId)).children).toEqual(children);
      expect((await readJob(under, root.jobId)).followUpsDue).toBeUndefined();
    }
  });

  it('that broke off is carried on by the sweep of each open job', async () => {
    const chain = trees(under);
    const root = await chain.ended(FOUND, OWN);
    await chain.run(root);
    await under.store.closeTree(root.jobId, 'me');
    const { children } = await chain.tree(root.jobId);
    for (const { jobId } of children) {
      const { actions, finished } = await under.store.sweepJob(jobId);
      expect([actions, finished?.status, finished?.cancelRequestedBy]).toEqual([{ cancel: 1 }, 'cancelled', 'me']);
    }
  });

  it('while it runs stops it, and nothing follows', async () => {
    const chain = trees(under);
    const root = await chain.submit(OWN);
    expect((await cancel(root.jobId)).json).toMatchObject({
      status: 'cancelled',
      followUps: { settled: true, jobs: [] },
    });
    expect((await readJob(under, root.jobId)).followUpsDue).toBeUndefined();
  });

  it('is refused once all has ended, and leaves the tree as it is', async () => {
    const chain = trees(under);
    const root = await chain.ended([], OWN);
    await chain.run(root);
    expect((await cancel(root.jobId)).status).toBe(409);
    expect((await chain.tree(root.jobId)).cancelRequestedAt).toBeUndefined();
  });

  it('keeps a job of the tree from being retried', async () => {
    const chain = trees(under);
    const root = await chain.ended(FOUND, OWN);
    await chain.run(root);
    const [child] = (await chain.tree(root.jobId)).children;
    const [task] = await under.store.readTasks(child?.jobId ?? '');
    const claimed = await under.store.claim(task as NonNullable<typeof task>, 'w');
    await under.store.finish(claimed?.held as never, { status: 'failed' });
    const failed = await under.store.finalise(await readJob(under, child?.jobId ?? ''), 'w');
    expect(failed?.status).toBe('failed');
    await cancel(root.jobId);
    await expect(under.store.retry(child?.jobId ?? '', 'me')).rejects.toThrow('all that belongs to it was cancelled');
  });
});

describe('deleting', () => {
  const remove = (jobId: string) =>
    call(
      httpHandler(routes.deleteJob, middleware, (input) =>
        deleteJob({ jobs: under.store, results: memoryResults() }, input),
      ),
      { pathParameters: { jobId } },
    );

  it('the first job deletes its tree, once all of it has ended; a job inside it goes with it only', async () => {
    const chain = trees(under);
    const root = await chain.ended([httpPort(80)], { tenant: TENANT });
    expect((await remove(root.jobId)).status).toBe(409);
    await chain.run(root);
    expect((await remove(root.jobId)).status).toBe(409);
    const { children } = await chain.tree(root.jobId);
    for (const { jobId } of children) await chain.run(await chain.end(jobId, []));
    expect((await remove(children[0]?.jobId ?? '')).json).toMatchObject({ status: 409, code: 'job_state' });
    expect((await remove(root.jobId)).status).toBe(204);
    expect(await under.store.readJobs([root.jobId, ...children.map((child) => child.jobId)])).toEqual([]);
    expect(await under.store.readTree(root.jobId)).toBeUndefined();
  });
});
