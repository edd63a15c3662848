import { describe, expect, it } from 'vitest';
import type { ApiClient } from '#cli/api-client.ts';
import { ApiError } from '#cli/api-error.ts';
import { InterruptedError } from '#cli/context.ts';
import { follow, followWithProgress } from '#cli/follow.ts';
import { createOutput } from '#cli/output.ts';
import type { JobView } from '#shared/contracts/job.ts';
import { UnavailableError } from '#shared/errors.ts';
import { capturedStream } from '#test/support/captured-stream.ts';
import { endedJobView, JOB_ID, jobView } from '#test/support/job-views.ts';

/** A world in which sleeping moves the clock, and the job answers as told; the last answer stands. */
function world(answers: readonly (JobView | Error)[]) {
  let nowMs = 0;
  let asked = 0;
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
  return { context, client, pauses, stopping, messages: () => stderr.text() };
}

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
