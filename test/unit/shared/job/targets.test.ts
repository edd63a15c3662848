import { describe, expect, it } from 'vitest';
import { CorruptError } from '#shared/errors.ts';
import { readShownTargets, readTargets, shownTargets, storeTargets } from '#shared/job/targets.ts';
import { memoryResults } from '#test/support/memory-results.ts';

const job = { tenant: '111111111111', jobId: 'job-1' };
const few = ['198.51.100.7', 'www.example.com'];
const many = Array.from({ length: 400 }, (_, n) => `host-${n}.example`);
const stored = (targets: readonly string[]) => ({ targets: undefined, targetCount: targets.length });

describe('the targets of a job', () => {
  it('lie in its spec while they are few', async () => {
    const results = memoryResults();
    await storeTargets(results, job, few);
    expect(results.objects.size).toBe(0);
    const read = await readTargets(results, job, { targets: few, targetCount: 2 });
    expect(read.map(({ kind, text }) => [kind, text])).toEqual([
      ['address', '198.51.100.7'],
      ['host', 'www.example.com'],
    ]);
    expect(await readShownTargets(results, job, { targets: few, targetCount: 2 })).toEqual(few);
  });

  it('lie in the object store when they are many, in order', async () => {
    const results = memoryResults();
    await storeTargets(results, job, many);
    expect([...results.objects.keys()]).toEqual(['plans/111111111111/job-1']);
    expect((await readTargets(results, job, stored(many))).map(({ text }) => text)).toEqual(many);
    expect(await readShownTargets(results, job, stored(many))).toEqual(many.slice(0, 100));
  });

  it('are refused when they are not those that were submitted', async () => {
    const results = memoryResults();
    await storeTargets(results, job, many);
    await expect(readTargets(results, job, { targets: undefined, targetCount: 401 })).rejects.toThrow(CorruptError);
  });

  it('are shown only as far as 16 KB go, each whole', async () => {
    const results = memoryResults();
    const long = Array.from({ length: 20 }, (_, n) => `https://www.example.com/${String(n).padEnd(1_900, 'x')}`);
    await storeTargets(results, job, long);
    const shown = await readShownTargets(results, job, stored(long));
    expect(shown).toEqual(long.slice(0, 8));
    expect(shownTargets(long)).toEqual(shown);
  });
});
