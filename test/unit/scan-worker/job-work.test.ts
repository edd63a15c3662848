import { describe, expect, it } from 'vitest';
import { jobWorkReader } from '#containers/scan-worker/job-work.ts';
import { CorruptError, UnavailableError } from '#shared/errors.ts';
import type { StoredSpec } from '#shared/job/job.ts';
import { aSpec, TENANT } from '#test/support/job-records.ts';
import { memoryResults } from '#test/support/memory-results.ts';

const job = (jobId: string) => ({ jobId, tenant: TENANT });

/** A reader over specs made as `specOf` says; `reads` are the jobs whose spec was asked for. */
function reading(specOf: (jobId: string) => StoredSpec | undefined | Promise<StoredSpec>) {
  const reads: string[] = [];
  const results = memoryResults();
  const readSpec = async (jobId: string) => {
    reads.push(jobId);
    return specOf(jobId);
  };
  return { read: jobWorkReader({ jobs: { readSpec }, results }), reads, results };
}

describe('the work of a job', () => {
  it('is what its record says, read once for all its tasks', async () => {
    const { read, reads } = reading(() => aSpec({ targets: ['203.0.113.7', 'app.example'], targetCount: 2 }));
    const [first, second] = await Promise.all([read(job('a')), read(job('a'))]);
    expect(first.targets.map(({ text }) => text)).toEqual(['203.0.113.7', 'app.example']);
    expect(first.scanners).toEqual([{ name: 'nmap', options: { ports: '1-1024' } }]);
    expect(second).toBe(first);
    expect(await read(job('a'))).toBe(first);
    expect(reads).toEqual(['a']);
  });

  it('is fetched once where its targets lie in the bucket', async () => {
    const { read, results } = reading(() => aSpec({ targets: undefined, targetCount: 2 }));
    results.objects.set(`plans/${TENANT}/a`, Buffer.from('203.0.113.7\n203.0.113.8\n'));
    await read(job('a'));
    const { targets } = await read(job('a'));
    expect(targets.map(({ text }) => text)).toEqual(['203.0.113.7', '203.0.113.8']);
    expect(results.reads).toEqual([`plans/${TENANT}/a`]);
  });

  it('is read again after a failure', async () => {
    let silent = true;
    const { read, reads } = reading(async () => {
      if (silent) throw new UnavailableError('database_unavailable', 'no answer');
      return aSpec();
    });
    await expect(read(job('a'))).rejects.toThrow(UnavailableError);
    silent = false;
    expect((await read(job('a'))).targets).toHaveLength(1);
    expect(reads).toEqual(['a', 'a']);
  });

  it('cannot be told without a record', async () => {
    const { read } = reading(() => undefined);
    await expect(read(job('a'))).rejects.toThrow(CorruptError);
  });

  it('is kept for the sixteen jobs asked for last', async () => {
    const { read, reads } = reading(() => aSpec());
    const jobs = Array.from({ length: 16 }, (_, n) => job(`job-${n}`));
    for (const one of jobs) await read(one);
    await read(job('job-0'));
    await read(job('one more'));
    expect(reads).toHaveLength(17);
    await read(job('job-0'));
    expect(reads).toHaveLength(17);
    await read(job('job-1'));
    expect(reads).toHaveLength(18);
  });

  it('is kept for fewer jobs when they have many targets, and always for the last', async () => {
    const targets = Array.from({ length: 60_000 }, (_, n) => `h${n}.example`);
    const { read, reads } = reading(() => aSpec({ targets, targetCount: targets.length }));
    await read(job('a'));
    await read(job('b'));
    await read(job('b'));
    expect(reads).toEqual(['a', 'b']);
    await read(job('a'));
    expect(reads).toEqual(['a', 'b', 'a']);
  });
});
