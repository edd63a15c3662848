import { describe, expect, it } from 'vitest';
import { endingOf, endingOfBusyHost, endingOfStop, endingUnder } from '#containers/scan-worker/ending.ts';
import type { Claim } from '#shared/task/task.ts';

const limits = { maxFailures: 3, backoffSeconds: 30 };
const half = () => 0.5;
const broken = (retryable: boolean) =>
  ({ ok: false, error: { code: 'scanner_crashed', message: 'it crashed', retryable } }) as const;

describe('a run that ended by itself', () => {
  it('completes the task when all went well', () => {
    expect(endingOf({ ok: true }, { failures: 0 }, limits, half)).toEqual({
      do: 'finish',
      end: { status: 'completed' },
    });
  });

  it('fails the task for good when another try cannot help', () => {
    const { error } = broken(false);
    expect(endingOf(broken(false), { failures: 0 }, limits, half)).toEqual({
      do: 'finish',
      end: { status: 'failed', error },
    });
  });

  it.each([
    [0, 15],
    [1, 30],
  ])('puts the task back after %i failures, with jitter over a back-off that doubles', (failures, delaySeconds) => {
    const { error } = broken(true);
    const ending = { do: 'put_back', reason: 'transient_failure', delaySeconds, error };
    expect(endingOf(broken(true), { failures }, limits, half)).toEqual(ending);
  });

  it('makes a dead letter of the last failure allowed', () => {
    const end = { status: 'failed', error: broken(true).error, deadLettered: true };
    expect(endingOf(broken(true), { failures: 2 }, limits, half)).toEqual({ do: 'finish', end });
  });
});

describe('a run that was stopped', () => {
  it('writes nothing when the lease is lost', () => {
    expect(endingOfStop('lease_lost')).toEqual({ do: 'nothing' });
  });

  it('gives the task back at once when the worker ends', () => {
    expect(endingOfStop('shutdown')).toEqual({ do: 'put_back', reason: 'shutdown', delaySeconds: 0 });
  });

  it('ends the task as its job is ending', () => {
    expect(endingUnder({ stopReason: 'cancel' })).toEqual({ do: 'finish', end: { status: 'cancelled' } });
    expect(endingUnder({ stopReason: 'deadline' })).toEqual({ do: 'finish', end: { status: 'timed_out' } });
  });
});

describe('a busy host', () => {
  const claims = (...why: string[]): Claim[] =>
    [...why, undefined].map((why, i) => ({
      attempt: i + 1,
      worker: 'w',
      at: '2026-01-31T12:00:00.000Z',
      ...(why && { why }),
    }));

  it.each([
    [[], 5],
    [['host_busy'], 10],
    [['host_busy', 'host_busy', 'host_busy'], 40],
    [['host_busy', 'host_busy', 'shutdown', 'host_busy'], 10],
    [Array(12).fill('host_busy'), 300],
  ] as [string[], number][])('after claims that ended by %j is waited for %i s', (why, delaySeconds) => {
    expect(endingOfBusyHost({ claims: claims(...why) })).toEqual({ do: 'put_back', reason: 'host_busy', delaySeconds });
  });
});
