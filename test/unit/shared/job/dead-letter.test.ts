import { describe, expect, it } from 'vitest';
import { deadLetterIdOf, standingOf } from '#shared/job/dead-letter.ts';
import type { Status } from '#shared/status.ts';
import { aJob, aTask, JOB_ID } from '#test/support/job-records.ts';

const dead = aTask({ status: 'failed', deadLetteredAt: '2026-01-31T12:00:00.000Z' });

describe('a task that was given up', () => {
  it.each<[status: Status, standing: string]>([
    ['failed', 'redrivable'],
    ['timed_out', 'redrivable'],
    ['queued', 'job_open'],
    ['running', 'job_open'],
    ['cancelling', 'job_open'],
    ['cancelled', 'job_cancelled'],
  ])('of a %s job is %s', (status, standing) => {
    expect(standingOf(aJob({ status }), dead)).toBe(standing);
  });

  it('is no dead letter once its job was retried, before it is released and after', () => {
    const retried = aJob({ status: 'queued', round: 2 });
    expect(standingOf(retried, dead)).toBeUndefined();
    expect(standingOf(retried, aTask({ status: 'queued', round: 2 }))).toBeUndefined();
  });

  it('is none without its job or itself, nor when it only failed', () => {
    expect(standingOf(undefined, dead)).toBeUndefined();
    expect(standingOf(aJob({ status: 'failed' }), undefined)).toBeUndefined();
    expect(standingOf(aJob({ status: 'failed' }), aTask({ status: 'failed' }))).toBeUndefined();
  });

  it('is named by its job and number', () => {
    expect(deadLetterIdOf(dead)).toBe(`${JOB_ID}/0001`);
  });
});
