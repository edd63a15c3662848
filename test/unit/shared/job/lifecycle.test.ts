import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConflictError } from '#shared/errors.ts';
import { JOB_EVENTS, type JobEvent, jobSourcesOf, nextJobStatus, outcomeOf } from '#shared/job/lifecycle.ts';
import { isTerminal, STATUSES, type Status, TERMINAL_STATUSES, type TerminalStatus } from '#shared/status.ts';

const ALLOWED: [from: Status, event: JobEvent, to: Status][] = [
  ['queued', 'start', 'running'],
  ['queued', 'cancel', 'cancelling'],
  ['running', 'cancel', 'cancelling'],
  ['queued', 'expire', 'cancelling'],
  ['running', 'expire', 'cancelling'],
  ['failed', 'retry', 'queued'],
  ['timed_out', 'retry', 'queued'],
];
const FINALISED: Status[] = ['queued', 'running', 'cancelling'];

const EVERY_OTHER = STATUSES.flatMap((from) => JOB_EVENTS.map((event): [Status, JobEvent] => [from, event])).filter(
  ([from, event]) =>
    !ALLOWED.some(([f, e]) => f === from && e === event) && !(event === 'finalise' && FINALISED.includes(from)),
);

describe('a job', () => {
  it.each(ALLOWED)('that is %s, at %s, becomes %s', (from, event, to) => expect(nextJobStatus(from, event)).toBe(to));

  it.each(FINALISED.flatMap((from) => TERMINAL_STATUSES.map((outcome): [Status, TerminalStatus] => [from, outcome])))(
    'that is %s is finalised as the outcome says: %s',
    (from, outcome) => expect(nextJobStatus(from, 'finalise', outcome)).toBe(outcome),
  );

  it.each(FINALISED)('that is %s is not finalised without an outcome', (from) =>
    expect(() => nextJobStatus(from, 'finalise')).toThrow(ConflictError),
  );

  it('has every other pair refused', () => expect(EVERY_OTHER).toHaveLength(7 * 5 - 7 - 3));
  it.each(EVERY_OTHER)('that is %s refuses %s', (from, event) =>
    expect(() => nextJobStatus(from, event, 'completed')).toThrow(
      expect.objectContaining({ name: 'ConflictError', code: 'job_state' }),
    ),
  );

  // biome-ignore format: a table reads by column
  it.each<[JobEvent, Status[]]>([
    ['start',    ['queued']],
    ['cancel',   ['queued', 'running']],
    ['expire',   ['queued', 'running']],
    ['finalise', ['queued', 'running', 'cancelling']],
    ['retry',    ['failed', 'timed_out']],
  ])('can %s from %j', (event, sources) => expect(jobSourcesOf(event)).toEqual(sources));

  const anyEvents = fc.array(fc.tuple(fc.constantFrom(...JOB_EVENTS), fc.constantFrom(...TERMINAL_STATUSES)), {
    maxLength: 30,
  });
  it('that has ended is moved by a retry alone, and ends by finalise alone', () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        const moves = walk(events);
        expect(moves.filter(({ from, event }) => isTerminal(from) && event !== 'retry')).toEqual([]);
        expect(moves.filter(({ from, event }) => from === 'cancelling' && event !== 'finalise')).toEqual([]);
        expect(moves.filter(({ event, to }) => isTerminal(to) && event !== 'finalise')).toEqual([]);
      }),
    );
  });
});

/** The moves a job makes when all of `events` are tried on it. */
function walk(events: readonly (readonly [JobEvent, TerminalStatus])[]) {
  const moves: { from: Status; event: JobEvent; to: Status }[] = [];
  let from: Status = 'queued';
  for (const [event, outcome] of events) {
    try {
      const to = nextJobStatus(from, event, outcome);
      moves.push({ from, event, to });
      from = to;
    } catch (error) {
      expect(error).toBeInstanceOf(ConflictError);
    }
  }
  return moves;
}

describe('outcomeOf', () => {
  const ended = (completed: number, failed: number, timedOut: number, cancelled: number) => ({
    completed,
    failed,
    timedOut,
    cancelled,
  });
  // biome-ignore format: a table reads by column
  it.each([
    ['none',     ended(3, 0, 0, 0), 'completed'],
    ['none',     ended(2, 1, 0, 0), 'failed'],
    ['none',     ended(0, 1, 1, 0), 'failed'],
    ['none',     ended(2, 0, 1, 0), 'timed_out'],
    ['deadline', ended(3, 0, 0, 0), 'completed'],
    ['deadline', ended(2, 0, 1, 0), 'timed_out'],
    ['deadline', ended(0, 1, 2, 0), 'failed'],
    ['cancel',   ended(3, 0, 0, 0), 'cancelled'],
    ['cancel',   ended(1, 1, 1, 1), 'cancelled'],
    ['cancel',   ended(0, 0, 0, 0), 'cancelled'],
  ] as const)('stopped for %s with %j: %s', (reason, counts, outcome) => expect(outcomeOf(reason, counts)).toBe(outcome));
});
