import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConflictError } from '#shared/errors.ts';
import { isTerminal, STATUSES, type Status } from '#shared/status.ts';
import { nextTaskStatus, statusInRound, TASK_EVENTS, type TaskEvent, taskSourcesOf } from '#shared/task/lifecycle.ts';

const ALLOWED: [from: Status, event: TaskEvent, to: Status][] = [
  ['queued', 'claim', 'running'],
  ['queued', 'expire', 'timed_out'],
  ['queued', 'cancel', 'cancelled'],
  ['running', 'succeed', 'completed'],
  ['running', 'fail', 'failed'],
  ['running', 'lose', 'queued'],
  ['running', 'exhaust', 'failed'],
  ['running', 'release', 'queued'],
  ['running', 'expire', 'timed_out'],
  ['running', 'cancel', 'cancelling'],
  ['running', 'stop', 'cancelled'],
  ['running', 'stopForDeadline', 'timed_out'],
  ['queued', 'close', 'failed'],
  ['running', 'close', 'failed'],
  ['cancelling', 'stop', 'cancelled'],
  ['cancelling', 'stopForDeadline', 'timed_out'],
  ['failed', 'retry', 'queued'],
  ['timed_out', 'retry', 'queued'],
];
const EVERY_OTHER = STATUSES.flatMap((from) => TASK_EVENTS.map((event): [Status, TaskEvent] => [from, event])).filter(
  ([from, event]) => !ALLOWED.some(([f, e]) => f === from && e === event),
);

describe('a task', () => {
  it.each(ALLOWED)('that is %s, at %s, becomes %s', (from, event, to) => expect(nextTaskStatus(from, event)).toBe(to));

  it('has every other pair refused', () => expect(EVERY_OTHER).toHaveLength(7 * 12 - 18));
  it.each(EVERY_OTHER)('that is %s refuses %s', (from, event) =>
    expect(() => nextTaskStatus(from, event)).toThrow(
      expect.objectContaining({ name: 'ConflictError', code: 'task_state' }),
    ),
  );

  // biome-ignore format: a table reads by column
  it.each<[TaskEvent, Status[]]>([
    ['claim',           ['queued']],
    ['succeed',         ['running']],
    ['fail',            ['running']],
    ['lose',            ['running']],
    ['exhaust',         ['running']],
    ['release',         ['running']],
    ['expire',          ['queued', 'running']],
    ['cancel',          ['queued', 'running']],
    ['stop',            ['running', 'cancelling']],
    ['stopForDeadline', ['running', 'cancelling']],
    ['close',           ['queued', 'running']],
    ['retry',           ['failed', 'timed_out']],
  ])('can %s from %j', (event, sources) => expect(taskSourcesOf(event)).toEqual(sources));

  it('that was cancelled or completed stays so, and runs by a claim alone', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...TASK_EVENTS), { maxLength: 40 }), (events) => {
        const moves = walk(events);
        expect(moves.filter(({ from }) => from === 'completed' || from === 'cancelled')).toEqual([]);
        expect(moves.filter(({ from, to }) => from === 'cancelling' && !isTerminal(to))).toEqual([]);
        expect(
          moves.filter(({ from, event, to }) => to === 'running' && !(from === 'queued' && event === 'claim')),
        ).toEqual([]);
      }),
    );
  });
});

/** The moves a task makes when all of `events` are tried on it. */
function walk(events: readonly TaskEvent[]) {
  const moves: { from: Status; event: TaskEvent; to: Status }[] = [];
  let from: Status = 'queued';
  for (const event of events) {
    try {
      const to = nextTaskStatus(from, event);
      moves.push({ from, event, to });
      from = to;
    } catch (error) {
      expect(error).toBeInstanceOf(ConflictError);
    }
  }
  return moves;
}

describe('statusInRound', () => {
  // biome-ignore format: a table reads by column
  it.each<[Status, number, number, Status]>([
    ['failed',     1, 1, 'failed'],
    ['failed',     1, 2, 'queued'],
    ['timed_out',  1, 2, 'queued'],
    ['cancelled',  1, 2, 'queued'],
    ['queued',     1, 2, 'queued'],
    ['completed',  1, 2, 'completed'],
    ['completed',  1, 1, 'completed'],
    ['running',    2, 2, 'running'],
    ['cancelling', 2, 2, 'cancelling'],
  ])('a %s task of round %i reads in round %i as %s', (status, taskRound, round, seen) =>
    expect(statusInRound({ status, round: taskRound }, round)).toBe(seen),
  );
});
