import { beforeEach, describe, expect, it } from 'vitest';
import { type SweepTasksDeps, sweepTasks } from '#functions/sweep-tasks/sweep-tasks.ts';
import type { Sweep } from '#shared/job/store.ts';
import type { TaskRef } from '#shared/task/task.ts';
import { aJob } from '#test/support/job-records.ts';
import { captureLog } from '#test/support/log-lines.ts';

const NOTHING: Sweep = { send: [], sendLater: [], actions: {} };
const ref = (jobId: string): TaskRef => ({ jobId, taskId: '0001', tenant: 't', workerSize: 'small' });

let log: ReturnType<typeof captureLog>;
let due: string[];
let sweeps: Map<string, Sweep | Error>;
let done: string[];
let queueIsAway: boolean;
let deadLetters: string[];

beforeEach(() => {
  log = captureLog();
  due = [];
  sweeps = new Map();
  done = [];
  queueIsAway = false;
  deadLetters = [];
});

/** An index that still shows what was just swept, as DynamoDB's may. */
const deps: SweepTasksDeps = {
  jobs: {
    dueJobs: async (limit) => due.slice(0, limit),
    sweepJob: async (jobId) => {
      done.push(`sweep ${jobId}`);
      const sweep = sweeps.get(jobId) ?? NOTHING;
      if (sweep instanceof Error) throw sweep;
      return sweep;
    },
    markAnnounced: async (job) => {
      done.push(`mark ${job.jobId}`);
    },
    readJob: async () => undefined,
    readTask: async () => undefined,
    recordUnreadable: async ({ body }) => {
      done.push(`record ${body}`);
    },
  },
  deadLetters: {
    receive: async (size) =>
      size === 'small' ? deadLetters.splice(0).map((body) => ({ body, receipt: '1', receiveCount: 5 })) : [],
    remove: async () => undefined,
  },
  now: () => new Date(),
  queue: {
    send: async (refs, delaySeconds = 0) => {
      if (queueIsAway) throw new Error('queue away');
      done.push(`send ${refs.map(({ jobId }) => jobId)} in ${delaySeconds}s`);
    },
  },
  events: {
    jobFinished: async ({ jobId }) => {
      done.push(`finished ${jobId}`);
    },
  },
};
const plentyOfTime = () => 60_000;

describe('sweep-tasks', () => {
  it('sweeps each due job once, although the index still shows it', async () => {
    due = ['a', 'b'];
    sweeps.set('a', { ...NOTHING, actions: { requeued: 2 } });
    sweeps.set('b', { ...NOTHING, actions: { requeued: 1, expired: 1 } });
    expect(await sweepTasks(deps, plentyOfTime)).toMatchObject({
      jobs: 2,
      failed: 0,
      actions: { requeued: 3, expired: 1 },
    });
    expect(done).toEqual(['sweep a', 'sweep b']);
  });

  it('puts messages on the queue and announces what ended', async () => {
    due = ['a', 'b'];
    sweeps.set('a', { ...NOTHING, send: [ref('a')], sendLater: [{ ref: ref('a'), delaySeconds: 45 }] });
    sweeps.set('b', { ...NOTHING, finished: aJob({ jobId: 'b', checkAt: '2026-01-31T12:00:00.000Z' }) });
    await sweepTasks(deps, plentyOfTime);
    expect(done).toEqual(expect.arrayContaining(['send a in 0s', 'send a in 45s', 'finished b', 'mark b']));
  });

  it('goes on with the others when one job fails, and says which', async () => {
    due = ['a', 'b', 'c'];
    sweeps.set('a', new Error('boom'));
    queueIsAway = true;
    sweeps.set('b', { ...NOTHING, send: [ref('b')] });
    expect(await sweepTasks(deps, plentyOfTime)).toMatchObject({ jobs: 3, failed: 2, actions: {} });
    const errors = log.lines.filter(({ level }) => level === 'ERROR').map(({ jobId }) => jobId);
    expect(errors).toEqual(['a', 'b']);
    expect(log.lines).toContainEqual(expect.objectContaining({ function: 'sweep-tasks', Errors: 2 }));
  });

  it('has at most ten jobs in hand', async () => {
    due = Array.from({ length: 35 }, (_, n) => `job-${n}`);
    let inHand = 0;
    let most = 0;
    const sweepJob = async () => {
      inHand += 1;
      most = Math.max(most, inHand);
      await new Promise((resolve) => setImmediate(resolve));
      inHand -= 1;
      return NOTHING;
    };
    expect(await sweepTasks({ ...deps, jobs: { ...deps.jobs, sweepJob } }, plentyOfTime)).toMatchObject({ jobs: 35 });
    expect(most).toBe(10);
  });

  it('records what the dead-letter queues hold', async () => {
    deadLetters = ['broken'];
    expect(await sweepTasks(deps, plentyOfTime)).toEqual({ jobs: 0, failed: 0, actions: {}, recorded: 1, dropped: 0 });
    expect(done).toEqual(['record broken']);
  });

  it('begins nothing new when its time is nearly up', async () => {
    due = ['a', 'b', 'c'];
    deadLetters = ['broken'];
    const remaining = [20_000, 16_000, 14_999];
    expect(await sweepTasks(deps, () => remaining.shift() ?? 0)).toMatchObject({ jobs: 2, recorded: 0 });
  });
});
