import { beforeEach, describe, expect, it } from 'vitest';
import type { Finding } from '#shared/finding/finding.ts';
import type { Severity } from '#shared/finding/severity.ts';
import type { Job } from '#shared/job/job.ts';
import { findingsPage } from '#shared/report/findings-page.ts';
import type { Profile } from '#shared/report/profile.ts';
import type { Task } from '#shared/task/task.ts';
import { aFinding, aJob, aTask, leaveResult } from '#test/support/job-records.ts';
import { type MemoryResults, memoryResults } from '#test/support/memory-results.ts';

let results: MemoryResults;
let tasks: Task[];
const job: Job = aJob();

/** Adds a task with findings of these severities; a finding's rule is `<task>-<number>`. */
async function leave(severities: readonly Severity[], fields: Partial<Finding> = {}): Promise<void> {
  const taskId = `000${tasks.length + 1}`;
  const findings = severities.map((severity, n) => aFinding({ rule: `${taskId}-${n}`, severity, ...fields }));
  tasks.push(aTask({ taskId, result: await leaveResult(results, { taskId, attempt: 1 }, findings) }));
}

beforeEach(() => {
  results = memoryResults();
  tasks = [];
});

const page = (limit: number, after?: string, severity: Severity = 'info', profile: Profile = 'full') =>
  findingsPage(results, job, tasks, { severity, profile }, { limit, ...(after === undefined ? {} : { after }) });
const rulesOf = ({ findings }: { findings: readonly string[] }) => findings.map((text) => JSON.parse(text).rule);
const readTasks = () => results.reads.map((key) => key.split('/')[3]);

/** The rules of each page, from the first to the last. */
async function walk(limit: number, severity?: Severity): Promise<string[][]> {
  const pages: string[][] = [];
  for (let after: string | undefined, first = true; first || after !== undefined; first = false) {
    const found = await page(limit, after, severity);
    pages.push(rulesOf(found));
    after = found.after;
  }
  return pages;
}

describe('a page of findings', () => {
  it.each([
    [1, [['0001-0'], ['0001-1'], ['0003-0'], ['0003-1'], ['0003-2']]],
    [2, [['0001-0', '0001-1'], ['0003-0', '0003-1'], ['0003-2']]],
    [4, [['0001-0', '0001-1', '0003-0', '0003-1'], ['0003-2']]],
    [5, [['0001-0', '0001-1', '0003-0', '0003-1', '0003-2']]],
  ])('by %i at a time gives each finding once, in order of the tasks', async (limit, pages) => {
    await leave(['info', 'high']);
    await leave([]);
    await leave(['low', 'info', 'critical']);
    expect(await walk(limit)).toEqual(pages);
  });

  it('may end one task and begin the next', async () => {
    await leave(['info', 'info', 'info']);
    await leave(['info', 'info', 'info']);
    expect(await walk(2)).toEqual([
      ['0001-0', '0001-1'],
      ['0001-2', '0002-0'],
      ['0002-1', '0002-2'],
    ]);
  });

  it('gives of a severity only what is as severe, and goes on after it', async () => {
    await leave(['info', 'high', 'low', 'critical']);
    await leave(['info', 'info']);
    await leave(['medium', 'high']);
    expect(await walk(2, 'high')).toEqual([['0001-1', '0001-3'], ['0003-1']]);
    expect((await page(2, undefined, 'high')).total).toBe(3);
  });

  it('shows what the profile shows', async () => {
    await leave(['high'], { raw: { script: 'x' } });
    expect(JSON.parse((await page(1)).findings[0] ?? '')).toHaveProperty('raw');
    const [minimal = ''] = (await page(1, undefined, 'info', 'minimal')).findings;
    expect(Object.keys(JSON.parse(minimal))).toEqual(['id', 'rule', 'severity', 'location']);
  });

  it('reads no task but those it shows', async () => {
    for (let n = 0; n < 3; n += 1) await leave(['info', 'info']);
    const first = await page(2);
    expect(readTasks()).toEqual(['0001']);
    results.reads.length = 0;
    await page(2, first.after);
    expect(readTasks()).toEqual(['0002']);
    results.reads.length = 0;
    await page(2, undefined, 'critical');
    expect(readTasks()).toEqual([]);
  });

  it('ends before its limit where findings are long', async () => {
    await leave(['info', 'info', 'info'], { evidence: 'x'.repeat(400_000) });
    expect(await walk(10)).toEqual([['0001-0', '0001-1'], ['0001-2']]);
  });

  it('holds one finding, however long', async () => {
    await leave(['info', 'info'], { evidence: 'x'.repeat(2_000_000) });
    expect(await walk(10)).toEqual([['0001-0'], ['0001-1']]);
  });

  it('is refused where a result holds fewer findings than its task recorded', async () => {
    await leave(['info', 'info']);
    const [task] = tasks as [Task];
    tasks = [
      {
        ...task,
        result: {
          ...(task.result as NonNullable<Task['result']>),
          bySeverity: { ...task.result?.bySeverity, info: 3 },
        } as never,
      },
    ];
    await expect(page(3)).rejects.toMatchObject({ code: 'result_count' });
  });

  it('is refused where a result is cut short', async () => {
    await leave(['info', 'info']);
    const [key = ''] = [...results.objects.keys()];
    results.objects.set(key, (results.objects.get(key) as Buffer).subarray(0, -1));
    await expect(page(3)).rejects.toThrow();
  });
});
