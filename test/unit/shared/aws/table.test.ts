import { expect, it } from 'vitest';
import { checkShardOf, createdKeyOf, jobIdOfCreatedKey, targetPartition, taskKey } from '#shared/aws/table.ts';

it('sorts tasks as they count', () => {
  expect(['1000', '0002', '0010'].map((id) => taskKey('j', id).sk).sort()).toEqual([
    'TASK#0002',
    'TASK#0010',
    'TASK#1000',
  ]);
});

it('finds the job again in the key it is listed by', () => {
  const key = createdKeyOf({ createdAt: '2026-01-31T12:00:00.000Z', jobId: '019a0000-0000-7000-8000-000000000001' });
  expect(key).toBe('2026-01-31T12:00:00.000Z#019a0000-0000-7000-8000-000000000001');
  expect(jobIdOfCreatedKey(key)).toBe('019a0000-0000-7000-8000-000000000001');
});

it.each([
  ['0', 'OPEN#0'],
  ['5', 'OPEN#1'],
  ['a', 'OPEN#2'],
  ['f', 'OPEN#3'],
])('puts an id that ends in %s into %s', (digit, shard) => {
  expect(checkShardOf(`019a0000-0000-7000-8000-00000000000${digit}`)).toBe(shard);
});

it('lists a job under a short target as it is, and under a long one by its hash', () => {
  expect(targetPartition('acme', '203.0.113.7')).toBe('TENANT#acme#TARGET#203.0.113.7');
  const long = `http://example.com/${'a'.repeat(2_000)}`;
  expect(targetPartition('acme', long)).toMatch(/^TENANT#acme#TARGET#sha256:[0-9a-f]{64}$/);
  expect(targetPartition('acme', long)).not.toBe(targetPartition('acme', `${long.slice(0, -1)}b`));
});
