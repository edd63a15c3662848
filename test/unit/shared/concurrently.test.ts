import { expect, it } from 'vitest';
import { concurrently } from '#shared/concurrently.ts';

async function listOf<T>(values: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const value of values) list.push(value);
  return list;
}

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

it('gives values in the order of the items, however long each takes', async () => {
  const values = await listOf(concurrently([5, 1, 3], 3, async (n) => turns(n).then(() => n)));
  expect(values).toEqual([5, 1, 3]);
});

it('runs as many at once as it may, and no more', async () => {
  let running = 0;
  const seen: number[] = [];
  const run = async () => {
    running += 1;
    seen.push(running);
    await turns(1);
    running -= 1;
  };
  await listOf(concurrently(Array.from({ length: 20 }), 4, run));
  expect(Math.max(...seen)).toBe(4);
});

it('fails where its item stands, after the values before it', async () => {
  const got: number[] = [];
  const run = async (n: number) => {
    if (n === 3) throw new Error('third');
    return turns(5).then(() => n);
  };
  const all = async () => {
    for await (const value of concurrently([1, 2, 3, 4], 4, run)) got.push(value);
  };
  await expect(all()).rejects.toThrow('third');
  expect(got).toEqual([1, 2]);
});

it('takes items as they come', async () => {
  async function* items() {
    yield 1;
    yield 2;
  }
  expect(await listOf(concurrently(items(), 2, async (n) => n * 10))).toEqual([10, 20]);
});
