import { describe, expect, it } from 'vitest';
import { stopReasonOf, watchForCancel } from '#containers/scan-worker/cancel-watch.ts';
import type { Job } from '#shared/job/job.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import { silentLog } from '#test/support/silent-log.ts';

type Glance = Pick<Job, 'status' | 'stopReason' | 'round'>;
const glance = (status: Job['status'], stopReason: Job['stopReason'] = 'none', round = 2): Glance => ({
  status,
  stopReason,
  round,
});

describe('a glance at the job of a task of round 2', () => {
  it.each([
    ['running', glance('running'), undefined],
    ['not there (yet)', undefined, undefined],
    ['of an earlier round', glance('failed', 'none', 1), undefined],
    ['being cancelled', glance('cancelling', 'cancel'), 'cancelled'],
    ['being stopped for its deadline', glance('cancelling', 'deadline'), 'deadline'],
    ['ended without this task', glance('cancelled', 'cancel'), 'lease_lost'],
    ['retried without this task', glance('queued', 'none', 3), 'lease_lost'],
  ] as const)('that is %s', (_, seen, reason) => {
    expect(stopReasonOf(seen, 2)).toBe(reason);
  });
});

describe('the watch', () => {
  function watch(glances: (Glance | Error)[], deadlineAt = '2026-01-31T13:00:00.000Z') {
    const clock = fakeClock('2026-01-31T12:00:00.000Z');
    const stops: [string, number][] = [];
    const done = new AbortController();
    let looks = 0;
    const jobs = {
      peekJob: async () => {
        looks += 1;
        const next = glances.length > 1 ? glances.shift() : glances[0];
        if (next instanceof Error) throw next;
        return next;
      },
    };
    void watchForCancel(
      { jobs, clock, limits: { cancelCheckSeconds: 1 }, log: silentLog },
      { jobId: 'job', round: 2, deadlineAt },
      (reason) => stops.push([reason, clock.monotonicMs() / 1_000]),
      done.signal,
    );
    return { clock, stops, done, looks: () => looks };
  }

  it('stops the task in the second after the cancel, once', async () => {
    const { clock, stops } = watch([glance('running'), glance('running'), glance('cancelling', 'cancel')]);
    await clock.advance(10_000);
    expect(stops).toEqual([['cancelled', 3]]);
  });

  it('goes on when it gets no answer', async () => {
    const { clock, stops } = watch([new Error('timed out'), glance('cancelling', 'cancel')]);
    await clock.advance(10_000);
    expect(stops).toEqual([['cancelled', 2]]);
  });

  it('stops the task at the deadline, whatever the job says', async () => {
    const { clock, stops } = watch([glance('running')], '2026-01-31T12:00:05.000Z');
    await clock.advance(10_000);
    expect(stops).toEqual([['deadline', 5]]);
  });

  it('ends with the work', async () => {
    const { clock, stops, done, looks } = watch([glance('running')]);
    await clock.advance(2_000);
    done.abort();
    await clock.advance(10_000);
    expect(looks()).toBe(2);
    expect(stops).toEqual([]);
  });
});
