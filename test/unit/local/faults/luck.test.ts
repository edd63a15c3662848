import { expect, it } from 'vitest';
import { type Luck, seededLuck } from '#local/faults/luck.ts';
import { readFaults } from '#local/faults/plan.ts';

const luckOf = (faults: string, isOn = () => true, tell = (_fault: string, _at: string) => undefined): Luck =>
  seededLuck(readFaults(faults), isOn, tell);
const fates = (luck: Luck, at: string, count = 200) =>
  Array.from({ length: count }, () => luck.happens('dynamodb.throttle', at));

it('the same seed brings the same, call by call; another seed something else', () => {
  const first = fates(luckOf('throttle=0.5,seed=1'), 'PutItem');
  expect(fates(luckOf('throttle=0.5,seed=1'), 'PutItem')).toEqual(first);
  expect(fates(luckOf('throttle=0.5,seed=2'), 'PutItem')).not.toEqual(first);
});

it('what befalls one operation does not depend on what else is called, or may happen', () => {
  const alone = fates(luckOf('throttle=0.5,seed=1'), 'PutItem', 50);
  const luck = luckOf('all,throttle=0.5,seed=1');
  const among = Array.from({ length: 50 }, () => {
    luck.happens('dynamodb.throttle', 'GetItem');
    luck.happens('dynamodb.cut', 'PutItem');
    luck.upTo(1_000, 'PutItem');
    return luck.happens('dynamodb.throttle', 'PutItem');
  });
  expect(among).toEqual(alone);
});

it('a fault is about as likely as was said', () => {
  const hits = fates(luckOf('throttle=0.2,seed=1'), 'PutItem', 5_000).filter(Boolean).length;
  expect(hits / 5_000).toBeCloseTo(0.2, 1);
  expect(fates(luckOf('throttle=1,seed=1'), 'PutItem')).not.toContain(false);
});

it('nothing happens that was not asked for, or before it is on; what does is told', () => {
  let isOn = false;
  const told: string[] = [];
  const luck = luckOf(
    'throttle=1',
    () => isOn,
    (fault, at) => void told.push(`${fault} of ${at}`),
  );
  expect(luck.happens('dynamodb.throttle', 'PutItem')).toBe(false);
  isOn = true;
  expect(luck.happens('dynamodb.cut', 'PutItem')).toBe(false);
  expect(luck.happens('dynamodb.throttle', 'PutItem')).toBe(true);
  expect(told).toEqual(['dynamodb.throttle of PutItem']);
});

it('amounts lie between nothing and the most', () => {
  const luck = luckOf('all,seed=1');
  const amounts = Array.from({ length: 1_000 }, () => luck.upTo(10, 'delay'));
  expect(Math.min(...amounts)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...amounts)).toBeLessThan(10);
  expect(Math.max(...amounts)).toBeGreaterThan(9);
});
