import { describe, expect, it } from 'vitest';
import { readFaults, showFaults } from '#local/faults/plan.ts';
import { ValidationError } from '#shared/errors.ts';

const chancesOf = (text: string) => Object.fromEntries(readFaults(text).chances);

describe('readFaults', () => {
  it('takes a fault, and the chance it has unless told', () => {
    expect(chancesOf('sqs.drop=0.5')).toEqual({ 'sqs.drop': 0.5 });
    expect(chancesOf('worker.kill')).toEqual({ 'worker.kill': 0.01 });
  });

  it('takes a kind of fault for every place that has it', () => {
    expect(chancesOf('drop=0.5, throttle=1')).toEqual({
      ...{ 'sqs.drop': 0.5, 'events.drop': 0.5 },
      ...{ 'dynamodb.throttle': 1, 'sqs.throttle': 1, 's3.throttle': 1, 'ecs.throttle': 1, 'events.throttle': 1 },
    });
  });

  it('takes a place for all of its faults', () => {
    expect(chancesOf('worker=0.25,gateway')).toEqual({
      'worker.kill': 0.25,
      'worker.pause': 0.25,
      'gateway.restart': 0.01,
    });
  });

  it('lets each item change what those before it said; what never happens is left out', () => {
    const { chances } = readFaults('all,s3=0,s3.slow=1');
    expect([...chances.keys()].filter((name) => name.startsWith('s3.'))).toEqual(['s3.slow']);
    expect(chances.get('s3.slow')).toBe(1);
    expect(chances.get('sqs.drop')).toBe(0.05);
    expect(chances.size).toBe(33);
  });

  it('takes a seed, or draws one', () => {
    expect(readFaults('seed=7,all').seed).toBe(7);
    expect(readFaults('all').seed).not.toBe(readFaults('all').seed);
  });

  it('says what makes the same happen again', () => {
    expect(showFaults(readFaults('drop=0.5,seed=7, kill'))).toBe('--faults drop=0.5,kill,seed=7');
  });

  it.each([
    ['', '"" is no fault; allowed: all, dynamodb, '],
    ['s3.drop', '"s3.drop" is no fault'],
    ['drops', '"drops" is no fault'],
    ['drop=', '"drop=" has no such chance; allowed: a number from 0 (never) to 1 (always)'],
    ['drop=1.1', '"drop=1.1" has no such chance'],
    ['drop=-1', '"drop=-1" has no such chance'],
    ['drop=often', '"drop=often" has no such chance'],
    ['seed', '"seed" is no seed; allowed: a whole number from 0 to 4294967295'],
    ['seed=0.5', '"seed=0.5" is no seed'],
    ['seed=4294967296', '"seed=4294967296" is no seed'],
  ])('refuses %j', (text, message) => {
    expect(() => readFaults(text)).toThrow(ValidationError);
    expect(() => readFaults(text)).toThrow(`--faults ${message}`);
  });

  it('names everything that is wrong', () => {
    expect(() => readFaults('drops,kill=2')).toThrow(/"drops".*"kill=2"/);
  });
});
