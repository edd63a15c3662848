import { describe, expect, it } from 'vitest';
import type { ApiClient } from '#cli/api-client.ts';
import { ApiError } from '#cli/api-error.ts';
import { InterruptedError } from '#cli/context.ts';
import { follow, followWithProgress } from '#cli/follow.ts';
import { createOutput } from '#cli/output.ts';
import type { WatchedJob } from '#cli/watch.ts';
import type { JobView } from '#shared/contracts/job.ts';
import { CorruptError, UnavailableError } from '#shared/errors.ts';
import { capturedStream } from '#test/support/captured-stream.ts';
import { endedJobView, JOB_ID, jobView } from '#test/support/job-views.ts';

/**
 * A world in which sleeping moves the clock, and the job answers as told; the last answer stands. It can be watched as often as there are
 * `watches`; then it is as with an older service.
 */
function world(answers: readonly (JobView | Error)[], watches: (AsyncIterable<WatchedJob> | Error)[] = []) {
  let nowMs = 0;
  let asked = 0;
  const lastIds: (string | undefined)[] = [];
  const pauses: number[] = [];
  const stderr = capturedStream();
  const stopping = new AbortController();
  const client: ApiClient = {
    async call() {
      const answer = answers[Math.min(asked, answers.length - 1)];
      asked += 1;
      if (answer instanceof Error) throw answer;
      return answer as never;
    },
    exportReport: () => Promise.reject(new Error('not asked for here')),
    async watchJob({ headers }) {
      lastIds.push(headers?.['Last-Event-ID']);
      const next = watches.shift() ?? new ApiError({ status: 403, code: 'missing_authentication_token', message: 'x' });
      if (next instanceof Error) throw next;
      return next;
    },
  };
  const context = {
    output: createOutput(capturedStream(), stderr, () => undefined),
    signal: stopping.signal,
    now: () => new Date(nowMs),
    sleep: async (ms: number) => {
      stopping.signal.throwIfAborted();
      pauses.push(ms);
      nowMs += ms;
    },
  };
  const requests = () => ({ asked, watched: lastIds.length });
  return { context, client, pauses, stopping, lastIds, requests, messages: () => stderr.text() };
}

/** An answer to a watch that tells these states, by number; an error breaks it. */
async function* states(...percents: readonly (number | JobView | Error)[]): AsyncGenerator<WatchedJob> {
  for (const next of percents) {
    if (next instanceof Error) throw next;
    yield typeof next === 'number' ? { id: `id-${next}`, job: jobView({ percent: next }) } : { id: 'end', job: next };
  }
}
/** Asked of a young job; 12 times 250 ms make the 3 s after which it is watched. */
const YOUNG = 12;

const outage = new UnavailableError('unreachable', 'nothing listens');

describe('follow', () => {
  it('shows each change once and returns the end', async () => {
    const { context, client } = world([jobView({ percent: 60 }), jobView({ percent: 60 }), endedJobView()]);
    const shown: number[] = [];
    const end = await follow(context, client, jobView(), (job) => shown.push(job.percent));
    expect(end.verdict).toBe('findings');
    expect(shown).toEqual([50, 60, 100]);
  });

  it('asks nothing of a job that has ended', async () => {
    const { context, client, pauses } = world([]);
    expect(await follow(context, client, endedJobView(), () => undefined)).toEqual(endedJobView());
    expect(pauses).toEqual([]);
  });

  it('asks often at first, then ever more seldom, at least every 5 s', async () => {
    const { context, client, pauses } = world([...Array(200).fill(jobView()), endedJobView()]);
    await follow(context, client, jobView(), () => undefined);
    expect(pauses[0]).toBe(250);
    expect(Math.max(...pauses)).toBe(5_000);
    expect(pauses).toEqual([...pauses].sort((a, b) => a - b));
  });

  it('outlasts a restart of the service', async () => {
    const busy = new ApiError({ status: 503, code: 'x', message: 'x' });
    const { context, client } = world([outage, busy, outage, endedJobView()]);
    expect(await follow(context, client, jobView(), () => undefined)).toEqual(endedJobView());
  });

  it('gives up on an outage after two minutes', async () => {
    const { context, client, pauses } = world([outage]);
    await expect(follow(context, client, jobView(), () => undefined)).rejects.toBe(outage);
    const waitedMs = pauses.reduce((sum, ms) => sum + ms, 0);
    expect(waitedMs).toBeGreaterThan(120_000);
    expect(waitedMs).toBeLessThanOrEqual(125_000);
  });

  it('does not wait for what was refused', async () => {
    const refused = new ApiError({ status: 404, code: 'job_not_found', message: 'x' });
    const { context, client, pauses } = world([refused]);
    await expect(follow(context, client, jobView(), () => undefined)).rejects.toBe(refused);
    expect(pauses).toEqual([250]);
  });
});

describe('a job that is not young any more', () => {
  const shown: number[] = [];
  const followed = ({ context, client }: ReturnType<typeof world>) => {
    shown.length = 0;
    return follow(context, client, jobView(), ({ percent }) => void shown.push(percent));
  };

  it('is watched, and asked for no more', async () => {
    const told = world([jobView()], [states(50, 60, 70, endedJobView())]);
    expect(await followed(told)).toEqual(endedJobView());
    expect(shown).toEqual([50, 60, 70, 100]);
    expect(told.requests()).toEqual({ asked: YOUNG, watched: 1 });
  });

  it('is watched on when an answer ends, from the last state on', async () => {
    const told = world([jobView()], [states(60), states(), states(80, endedJobView())]);
    await followed(told);
    expect(shown).toEqual([50, 60, 80, 100]);
    expect(told.lastIds).toEqual([undefined, 'id-60', 'id-60']);
    expect(told.requests().asked).toBe(YOUNG);
  });

  it('is watched on when the connection broke', async () => {
    const told = world([jobView()], [states(60, outage), states(70, endedJobView())]);
    await followed(told);
    expect(shown).toEqual([50, 60, 70, 100]);
    expect(told.requests()).toEqual({ asked: YOUNG, watched: 2 });
  });

  it.each([
    ['is refused', new ApiError({ status: 403, code: 'x', message: 'x' })],
    ['has no answer in time', outage],
    ['is answered with something else', new CorruptError('unexpected_answer', 'x')],
    ['sends something else', states(new CorruptError('unexpected_answer', 'x'))],
  ])('is asked for as before where watching it %s', async (_what, watch) => {
    const told = world([...Array(YOUNG + 2).fill(jobView()), endedJobView()], [watch, states(60)]);
    expect(await followed(told)).toEqual(endedJobView());
    expect(shown).toEqual([50, 100]);
    expect(told.requests()).toEqual({ asked: YOUNG + 3, watched: 1 });
  });

  it('is given up on when it can be neither watched nor asked for', async () => {
    const told = world([...Array(YOUNG).fill(jobView()), outage], [states(60, outage), outage]);
    await expect(followed(told)).rejects.toBe(outage);
  });

  it('is left at once by who stops', async () => {
    const told = world([jobView()], [states(60, new UnavailableError('x', 'x'))]);
    const stop = new InterruptedError('SIGINT', 130);
    const watchJob = told.client.watchJob;
    told.client.watchJob = async (input, signal) => {
      told.stopping.abort(stop);
      return watchJob(input, signal);
    };
    await expect(followed(told)).rejects.toBe(stop);
  });
});

describe('followWithProgress', () => {
  it('says how far the job is', async () => {
    const { context, client, messages } = world([endedJobView()]);
    await followWithProgress(context, client, jobView());
    expect(messages()).toBe(
      'running 50%, 0 of 1 task, 0 findings, nmap: Connect Scan\ncompleted 100%, 1 of 1 task, 3 findings\n',
    );
  });

  it('tells a user who stops it that the job goes on', async () => {
    const { context, client, stopping, messages } = world([jobView()]);
    stopping.abort(new InterruptedError('SIGINT', 130));
    await expect(followWithProgress(context, client, jobView())).rejects.toThrow('SIGINT');
    expect(messages()).toContain(`the job goes on. To stop it: scanfleet cancel ${JOB_ID}`);
  });
});
