import { describe, expect, it } from 'vitest';
import type { JobFinishedDetail } from '#shared/contracts/events.ts';
import { UnavailableError } from '#shared/errors.ts';
import { announce, endTask, releaseAndSend } from '#shared/job/flow.ts';
import type { Job } from '#shared/job/job.ts';
import type { Held, TaskRef } from '#shared/task/task.ts';
import { aJob, JOB_ID, TENANT } from '#test/support/job-records.ts';

const held: Held = { jobId: JOB_ID, taskId: '0001', attempt: 1, owner: 'worker-1/nonce', claims: [] };
const ref = (taskId: string, jobId = JOB_ID): TaskRef => ({ jobId, taskId, tenant: TENANT, workerSize: 'small' });
const OPEN = aJob({ status: 'running', openCount: 2, live: 1, slots: 3 });
const ENDED = aJob({ checkAt: '2026-01-31T12:00:00.000Z', slots: 0 });

interface Script {
  readonly job?: Job | undefined;
  readonly finish?: 'finished' | 'superseded';
  readonly ended?: Job | undefined;
  readonly released?: readonly TaskRef[];
  readonly waiting?: readonly TaskRef[];
  readonly failing?: 'send' | 'jobFinished';
}

/** Ports that answer as told and note what was asked of them. */
function deps({ job = OPEN, finish = 'finished', ended, released = [], waiting = [], failing }: Script) {
  const asked: string[] = [];
  const note = <T>(what: string, answer: T): Promise<T> => {
    asked.push(what);
    return what.startsWith(failing ?? ' ')
      ? Promise.reject(new UnavailableError('gone', 'no answer'))
      : Promise.resolve(answer);
  };
  const ids = (refs: readonly TaskRef[]) => refs.map(({ taskId }) => taskId).join();
  return {
    asked,
    jobs: {
      finish: (_held: Held, { status }: { status: string }) => note(`finish ${status}`, finish),
      unlockHosts: (_held: Held, hosts: readonly string[]) => note(`unlock ${hosts.join()}`, undefined),
      readJob: () => note('read', job),
      finalise: (_job: Job, by: string) => note(`finalise ${by}`, ended),
      release: (_job: Job, mode = 'now') => note(`release ${mode}`, released),
      releaseWaiting: (tenant: string, freed: number) => note(`waiting ${tenant} ${freed}`, waiting),
      markAnnounced: ({ jobId }: Job) => note(`mark ${jobId}`, undefined),
    },
    queue: { send: (refs: readonly TaskRef[]) => note(`send ${ids(refs)}`, undefined) },
    events: { jobFinished: ({ status }: { status: string }) => note(`jobFinished ${status}`, undefined) },
  };
}
const end = (script: Script) => {
  const made = deps(script);
  return { asked: made.asked, done: endTask(made, held, { status: 'completed' }, ['192.0.2.1', '192.0.2.2']) };
};

describe('endTask', () => {
  it('makes room for the next tasks while some are open', async () => {
    const { asked, done } = end({ released: [ref('0004'), ref('0005')] });
    expect(await done).toBe('finished');
    expect(asked).toEqual([
      'finish completed',
      'unlock 192.0.2.1,192.0.2.2',
      'read',
      'finalise worker/worker-1',
      'release refill',
      'send 0004,0005',
    ]);
  });

  it('sends nothing when nothing is released', async () => {
    const { asked, done } = end({});
    await done;
    expect(asked.at(-1)).toBe('release refill');
  });

  it('ends the job with its last task, announces it and offers its slots to the next', async () => {
    const { asked, done } = end({
      job: { ...OPEN, openCount: 0, slots: 3 },
      ended: ENDED,
      waiting: [ref('0002', 'next')],
    });
    await done;
    expect(asked.slice(3)).toEqual([
      'finalise worker/worker-1',
      'jobFinished completed',
      `mark ${JOB_ID}`,
      `waiting ${TENANT} 3`,
      'send 0002',
    ]);
  });

  it('gives the hosts back and does no more when the task was another’s', async () => {
    const { asked, done } = end({ finish: 'superseded' });
    expect(await done).toBe('superseded');
    expect(asked).toEqual(['finish completed', 'unlock 192.0.2.1,192.0.2.2']);
  });

  it('has nothing to move on when the job is gone', async () => {
    const made = deps({});
    made.jobs.readJob = async () => undefined as never;
    expect(await endTask(made, held, { status: 'completed' }, [])).toBe('finished');
    expect(made.asked).toEqual(['finish completed', 'unlock ']);
  });

  it.each(['send', 'jobFinished'] as const)(
    'says so when %s gets no answer, so that it can be asked again',
    async (failing) => {
      const { done } = end(failing === 'send' ? { released: [ref('0004')], failing } : { ended: ENDED, failing });
      await expect(done).rejects.toMatchObject({ code: 'gone', retryable: true });
    },
  );
});

describe('releaseAndSend', () => {
  it('puts on the queue what the slots allow', async () => {
    const made = deps({ released: [ref('0001'), ref('0002')] });
    await releaseAndSend(made, JOB_ID);
    expect(made.asked).toEqual(['read', 'release now', 'send 0001,0002']);
  });

  it('sends nothing when there is nothing', async () => {
    const made = deps({});
    await releaseAndSend(made, JOB_ID);
    expect(made.asked).toEqual(['read', 'release now']);
  });
});

describe('announce', () => {
  it('tells which job ended how, and what came of it', async () => {
    const told: JobFinishedDetail[] = [];
    const events = { jobFinished: async (detail: JobFinishedDetail) => void told.push(detail) };
    const bySeverity = { critical: 0, high: 1, medium: 0, low: 0, info: 0 };
    const summary = { verdict: 'findings', bySeverity, covered: 1, uncovered: 0 } as const;
    await announce({ ...deps({}), events }, { ...ENDED, summary });
    await announce({ ...deps({}), events }, ENDED);
    const detail = { jobId: JOB_ID, tenant: TENANT, traceId: ENDED.traceId, status: 'completed', round: 1 };
    expect(told).toEqual([{ ...detail, verdict: 'findings' }, detail]);
  });

  it('publishes first and marks then, so that nothing is marked that was not published', async () => {
    const made = deps({});
    await announce(made, ENDED);
    expect(made.asked).toEqual(['jobFinished completed', `mark ${JOB_ID}`]);
    const failing = deps({ failing: 'jobFinished' });
    await expect(announce(failing, ENDED)).rejects.toThrow('no answer');
    expect(failing.asked).toEqual(['jobFinished completed']);
  });

  it.each([
    ['is open', { ...OPEN, checkAt: '2026-01-31T12:00:00.000Z' }],
    ['was announced before', aJob()],
  ])('is silent about a job that %s', async (_what, job) => {
    const made = deps({});
    await announce(made, job);
    expect(made.asked).toEqual([]);
  });
});
