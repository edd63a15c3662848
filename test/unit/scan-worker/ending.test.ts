import { describe, expect, it } from 'vitest';
import {
  endingOf,
  endingOfBusy,
  endingOfClosedWindow,
  endingOfSpentBudget,
  endingOfStop,
  endingUnder,
} from '#containers/scan-worker/ending.ts';
import type { WorkerSize } from '#shared/scanner/definition.ts';
import type { Claim } from '#shared/task/task.ts';

const limits = { maxFailures: 3, backoffSeconds: 30 };
const half = () => 0.5;
const task = (failures: number, workerSize: WorkerSize = 'small') => ({
  ...{ failures, workerSize, attempt: 2 },
  claims: [claim(1), claim(2)],
});
const claim = (attempt: number): Claim => ({ attempt, worker: 'w', at: '2026-01-31T12:00:00.000Z' });
const broken = (retryable: boolean) =>
  ({ ok: false, error: { code: 'scanner_crashed', message: 'it crashed', retryable } }) as const;

describe('a run that ended by itself', () => {
  it('completes the task when all went well', () => {
    expect(endingOf({ ok: true }, task(0), limits, half)).toEqual({
      do: 'finish',
      end: { status: 'completed' },
    });
  });

  it('fails the task for good when another try cannot help', () => {
    const { error } = broken(false);
    expect(endingOf(broken(false), task(0), limits, half)).toEqual({
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
    expect(endingOf(broken(true), task(failures), limits, half)).toEqual(ending);
  });

  it('makes a dead letter of the last failure allowed', () => {
    const end = { status: 'failed', error: broken(true).error, deadLettered: true };
    expect(endingOf(broken(true), task(2), limits, half)).toEqual({ do: 'finish', end });
  });

  it('puts the task back as no failure where its scanner has no room, however often it failed', () => {
    const error = { code: 'scanner_busy', message: 'every instance is full', retryable: true };
    const ending = { do: 'put_back', reason: 'host_busy', delaySeconds: 5, error };
    expect(endingOf({ ok: false, busy: true, error }, task(2), limits, half)).toEqual(ending);
  });

  const oom = { ok: false, error: { code: 'oom', message: 'killed', retryable: true } } as const;

  it('tries a scan that was short of memory again, while there is a larger worker', () => {
    const ending = { do: 'put_back', reason: 'transient_failure', delaySeconds: 15, error: oom.error };
    expect(endingOf(oom, task(0, 'small'), limits, half)).toEqual(ending);
  });

  it.each([
    ['on the largest worker', 0, 'large'],
    ['after the last failure allowed', 2, 'small'],
  ] as const)('fails a scan that was short of memory %s', (_where, failures, size) => {
    const end = { status: 'failed', error: oom.error, deadLettered: true };
    expect(endingOf(oom, task(failures, size), limits, half)).toEqual({ do: 'finish', end });
  });
});

describe('a run that was stopped', () => {
  it('writes nothing when the lease is lost', () => {
    expect(endingOfStop('lease_lost')).toEqual({ do: 'nothing' });
  });

  it('gives the task back at once when the worker ends', () => {
    expect(endingOfStop('shutdown')).toEqual({ do: 'put_back', reason: 'shutdown', delaySeconds: 0 });
  });

  it('fails the task when its window closes, so that the job can be retried', () => {
    const error = {
      code: 'window_closed',
      message: 'the maintenance window of its targets closed while they were scanned',
      retryable: true,
    };
    expect(endingOfStop('window_closed')).toEqual({ do: 'finish', end: { status: 'failed', error } });
  });

  it('fails a task of a job that has spent its cap, so that the job can be retried', () => {
    const message = 'the budget of its job was used up before it could start';
    const error = { code: 'budget_exhausted', message, retryable: true };
    expect(endingOfSpentBudget()).toEqual({ do: 'finish', end: { status: 'failed', error } });
  });

  it('ends the task as its job is ending', () => {
    expect(endingUnder({ stopReason: 'cancel' })).toEqual({ do: 'finish', end: { status: 'cancelled' } });
    expect(endingUnder({ stopReason: 'deadline' })).toEqual({ do: 'finish', end: { status: 'timed_out' } });
  });
});

describe('a window that is closed before the start', () => {
  const failed = (message: string) => ({
    do: 'finish',
    end: { status: 'failed', error: { code: 'window_closed', message, retryable: true } },
  });

  it("fails the task, with the target policy's reason where that closed it", () => {
    expect(endingOfClosedWindow()).toEqual(
      failed('the maintenance window of its targets closed before it could start'),
    );
    expect(endingOfClosedWindow({ host: 'a.example', reason: 'evenings' })).toEqual(failed('a.example: evenings'));
  });
});

describe('a busy host', () => {
  const claimedAt = (...attempts: number[]): Claim[] => attempts.map(claim);

  it.each([
    ['met at once', [1], 5],
    ['met the second time', [2], 10],
    ['met the fourth time', [4], 40],
    ['met the third time since a run that failed', [1, 2, 5], 20],
    ['met for the first time since a run that failed', [3, 4], 5],
    ['met again and again', [30], 300],
  ] as [string, number[], number][])('%s is waited for longer each time in a row', (_, attempts, delaySeconds) => {
    const task = { attempt: attempts.at(-1) as number, claims: claimedAt(...attempts) };
    expect(endingOfBusy(task)).toEqual({ do: 'put_back', reason: 'host_busy', delaySeconds });
  });
});
