import { describe, expect, it } from 'vitest';
import type { JobEventRecord } from '#shared/job/job.ts';
import { type TimelineEvent, timelineOf, timelinePage } from '#shared/job/timeline.ts';
import type { Claim } from '#shared/task/task.ts';
import { aTask } from '#test/support/job-records.ts';

const at = (second: number) => `2026-01-31T12:00:${String(second).padStart(2, '0')}.000Z`;
const moved = (second: number, from: JobEventRecord['from'], to: JobEventRecord['to']): JobEventRecord => ({
  at: at(second),
  by: 'acme',
  from,
  to,
  why: 'because',
});
const claim = (attempt: number, from: number, to?: number, why?: string): Claim => ({
  attempt,
  worker: `w${attempt}`,
  at: at(from),
  ...(to === undefined ? {} : { endedAt: at(to) }),
  ...(why === undefined ? {} : { why }),
});
const brief = (events: readonly TimelineEvent[]) =>
  events.map((event) =>
    event.what === 'job_moved'
      ? `${event.at.slice(17, 19)} ${event.to} by ${event.by}`
      : `${event.at.slice(17, 19)} ${event.what} ${event.taskId}/${event.attempt} by ${event.by}: ${event.why}`,
  );

describe('timelineOf', () => {
  it('merges what became of the job with each time a worker held a task', () => {
    const events = [moved(0, null, 'queued'), moved(3, 'queued', 'running'), moved(9, 'running', 'failed')];
    const tasks = [
      aTask({ taskId: '0001', claims: [claim(1, 2, 5, 'lease_lost'), claim(2, 6, 8, 'completed')] }),
      aTask({ taskId: '0002', claims: [claim(1, 4, 7, 'scanner_failed')] }),
    ];
    expect(brief(timelineOf(events, tasks))).toEqual([
      '00 queued by acme',
      '02 task_claimed 0001/1 by worker/w1: received from the queue',
      '03 running by acme',
      '04 task_claimed 0002/1 by worker/w1: received from the queue',
      '05 claim_ended 0001/1 by worker/w1: lease_lost',
      '06 task_claimed 0001/2 by worker/w2: received from the queue',
      '07 claim_ended 0002/1 by worker/w1: scanner_failed',
      '08 claim_ended 0001/2 by worker/w2: completed',
      '09 failed by acme',
    ]);
  });

  it('shows the beginning alone of a claim that is not over', () => {
    const events = [moved(0, null, 'queued')];
    expect(brief(timelineOf(events, [aTask({ claims: [claim(1, 1)] })]))).toEqual([
      '00 queued by acme',
      '01 task_claimed 0001/1 by worker/w1: received from the queue',
    ]);
  });

  it('keeps the order of what happened in one millisecond: retried only after it failed, ended only after its tasks', () => {
    const events = [moved(0, null, 'queued'), moved(0, 'queued', 'failed'), moved(0, 'failed', 'queued')];
    expect(brief(timelineOf(events, [aTask({ claims: [claim(1, 0, 0, 'completed')] })]))).toEqual([
      '00 queued by acme',
      '00 task_claimed 0001/1 by worker/w1: received from the queue',
      '00 claim_ended 0001/1 by worker/w1: completed',
      '00 failed by acme',
      '00 queued by acme',
    ]);
  });
});

describe('timelinePage', () => {
  const many = (...seconds: number[]) =>
    timelineOf(
      seconds.map((second) => moved(second, 'queued', 'running')),
      [],
    );
  const walk = (events: readonly TimelineEvent[], limit: number) => {
    const sizes: number[] = [];
    const seen: TimelineEvent[] = [];
    let after: string | undefined;
    do {
      const page = timelinePage(events, limit, after);
      sizes.push(page.items.length);
      seen.push(...page.items);
      after = page.after;
    } while (after !== undefined);
    return { sizes, seen };
  };

  it('gives every event once, also where a page ends within an instant', () => {
    const events = many(0, 1, 1, 1, 1, 2, 3);
    expect(walk(events, 3)).toEqual({ sizes: [3, 3, 1], seen: events });
    expect(walk(events, 7).sizes).toEqual([7]);
  });

  it('goes on where it was after more has happened', () => {
    const { after } = timelinePage(many(0, 1, 1), 2);
    expect(after).toBe(`${at(1)}#1`);
    expect(timelinePage(many(0, 1, 1, 4), 9, after).items.map((event) => event.at)).toEqual([at(1), at(4)]);
  });

  it.each(['', 'nonsense', '#', `${at(1)}#-5`, `${at(1)}#99`, `${at(9)}#1`])('takes %j for some place', (after) => {
    expect(timelinePage(many(0, 1, 2), 9, after).items.length).toBeLessThanOrEqual(3);
  });
});
