import { expect, it } from 'vitest';
import { expressionsOf, statusIn } from '#shared/aws/job-store/expression.ts';

const key = { pk: 'JOB#1', sk: 'TASK#0001' };

it('names what a condition mentions, and only that', () => {
  const write = {
    kind: 'delete',
    key,
    when: '#attempt = :attempt AND #notBefore <= :now',
    values: { attempt: 2, now: 't', other: 1 },
  } as const;
  expect(expressionsOf(write)).toEqual({
    ConditionExpression: '#attempt = :attempt AND #notBefore <= :now',
    ExpressionAttributeNames: { '#attempt': 'attempt', '#notBefore': 'notBefore' },
    ExpressionAttributeValues: { ':attempt': 2, ':now': 't' },
  });
});

it('takes a state for itself', () => {
  expect(expressionsOf({ kind: 'delete', key, when: statusIn(['running', 'timed_out']) })).toEqual({
    ConditionExpression: '#status IN (:running, :timed_out)',
    ExpressionAttributeNames: { '#status': 'status' },
    ExpressionAttributeValues: { ':running': 'running', ':timed_out': 'timed_out' },
  });
});

it('writes an update whose values and those of its condition do not meet', () => {
  expect(
    expressionsOf({
      kind: 'update',
      key,
      when: '#slots = :slots',
      values: { slots: 3 },
      set: { slots: 5, name: undefined },
      add: { live: 2 },
      remove: ['result', 'error'],
    }),
  ).toEqual({
    ConditionExpression: '#slots = :slots',
    UpdateExpression: 'SET #slots = :SET_slots ADD #live :ADD_live REMOVE #result, #error',
    ExpressionAttributeNames: { '#slots': 'slots', '#live': 'live', '#result': 'result', '#error': 'error' },
    ExpressionAttributeValues: { ':slots': 3, ':SET_slots': 5, ':ADD_live': 2 },
  });
});

it('has nothing to say of a put without a condition', () => {
  expect(expressionsOf({ kind: 'put', key, item: { a: 1 } })).toEqual({});
});

it('refuses a condition that names a value nobody gave', () => {
  expect(() => expressionsOf({ kind: 'delete', key, when: '#round = :round', values: { rounds: 1 } })).toThrow(
    ':round',
  );
});
