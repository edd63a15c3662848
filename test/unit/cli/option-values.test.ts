import { describe, expect, it } from 'vitest';
import { comingInstant, durationSeconds, instant, jobId, labels, wholeNumber } from '#cli/option-values.ts';

describe('durationSeconds', () => {
  it.each([
    ['90', 90],
    ['90s', 90],
    ['15m', 900],
    ['2h', 7_200],
    ['1d', 86_400],
  ])('reads %s as %i seconds', (text, seconds) => expect(durationSeconds(text)).toBe(seconds));

  it.each(['', '1.5h', '-1', '2 h', '2w', '1e3'])('refuses %j', (text) =>
    expect(() => durationSeconds(text)).toThrow('as in 90, 15m, 2h'),
  );
});

describe('instant', () => {
  const now = new Date('2026-03-02T12:00:00.000Z');

  it.each([
    ['2026-01-31', '2026-01-31T00:00:00.000Z'],
    ['2026-01-31T12:00:00Z', '2026-01-31T12:00:00.000Z'],
    ['2026-01-31T12:00:00+01:00', '2026-01-31T11:00:00.000Z'],
    ['24h', '2026-03-01T12:00:00.000Z'],
    ['30m', '2026-03-02T11:30:00.000Z'],
  ])('reads %s as %s', (text, time) => expect(instant(text, now)).toBe(time));

  it.each(['', 'yesterday', '2026', '31.01.2026', '2026-13-01', '24'])('refuses %j', (text) =>
    expect(() => instant(text, now)).toThrow('as in 2026-01-31'),
  );
});

describe('comingInstant', () => {
  const now = new Date('2026-03-02T12:00:00.000Z');

  it.each([
    ['2026-03-02T22:00:00+01:00', '2026-03-02T21:00:00.000Z'],
    ['2h', '2026-03-02T14:00:00.000Z'],
  ])('reads %s as %s', (text, time) => expect(comingInstant(text, now)).toBe(time));

  it.each(['', 'tonight', '22:00', '-2h'])('refuses %j', (text) =>
    expect(() => comingInstant(text, now)).toThrow('or in how long, as in 2h'),
  );
});

describe('jobId', () => {
  it('takes a job id in any case', () => {
    expect(jobId('019AA0F3-5B1C-7C3E-9D2F-0A1B2C3D4E5F')).toBe('019aa0f3-5b1c-7c3e-9d2f-0a1b2c3d4e5f');
  });

  it.each(['', '../jobs', '019aa0f3-5b1c-4c3e-9d2f-0a1b2c3d4e5f'])('refuses %j', (text) =>
    expect(() => jobId(text)).toThrow('a job id'),
  );
});

describe('wholeNumber', () => {
  it('takes numbers from 1', () => expect(wholeNumber('250')).toBe(250));

  it.each(['0', '-1', '1.5', 'ten', '', '9999999999'])('refuses %j', (text) =>
    expect(() => wholeNumber(text)).toThrow('from 1'),
  );
});

describe('labels', () => {
  it('collects labels; a value may hold equals signs, and may be empty', () => {
    expect(labels('c=', labels('b=x=y', labels('a=1')))).toEqual({ a: '1', b: 'x=y', c: '' });
  });

  it.each(['', 'a', '=1'])('refuses %j', (text) => expect(() => labels(text)).toThrow('key=value'));
});
