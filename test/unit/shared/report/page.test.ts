import { describe, expect, it } from 'vitest';
import { planPage } from '#shared/report/page.ts';
import type { Task } from '#shared/task/task.ts';
import { aJob, aTask } from '#test/support/job-records.ts';

/** Tasks 0001, 0002, … that hold so many rows each; `undefined`: one that still runs. */
const tasksOf = (...rows: readonly (number | undefined)[]): Task[] =>
  rows.map((count, at) =>
    aTask({
      taskId: `000${at + 1}`,
      status: count === undefined ? 'running' : 'completed',
      slice: { from: 0, count: count ?? 0 },
    }),
  );
const plan = (tasks: readonly Task[], limit: number, after?: string, job = aJob()) =>
  planPage(job, tasks, ({ slice }) => slice.count, { limit, ...(after === undefined ? {} : { after }) });
const idsOf = (tasks: readonly Task[]) => tasks.map(({ taskId }) => taskId);

/** Every page from the first: which tasks it reads, how many rows of the first it leaves out, and how many it takes. */
function walk(tasks: readonly Task[], limit: number) {
  const pages: [string[], number, number][] = [];
  for (let after: string | undefined, first = true; first || after !== undefined; first = false) {
    const { tasks: needed, skip, next } = plan(tasks, limit, after);
    const rows = needed.reduce((sum, { slice }) => sum + slice.count, -skip);
    pages.push([idsOf(needed), skip, Math.min(limit, rows)]);
    after = next(Math.min(limit, rows));
  }
  return pages;
}

describe('a plan of a page', () => {
  it('names the tasks that hold its rows, and no others', () => {
    expect(walk(tasksOf(2, 0, 3, 1), 2)).toEqual([
      [['0001'], 0, 2],
      [['0003'], 0, 2],
      [['0003', '0004'], 2, 2],
    ]);
  });

  it('is one of nothing where there is nothing', () => {
    const { tasks, total, complete, next } = plan(tasksOf(0, 0), 10);
    expect([tasks, total, complete, next(0)]).toEqual([[], 0, true, undefined]);
  });

  it('goes on where a page ended early', () => {
    const tasks = tasksOf(2, 3);
    const after = plan(tasks, 5).next(3);
    expect(plan(tasks, 5, after)).toMatchObject({ tasks: [{ taskId: '0002' }], skip: 1, total: 5 });
  });

  it('leaves out tasks that have not ended, and says that it is not complete', () => {
    const { tasks, total, complete } = plan(tasksOf(1, undefined, 2), 10, undefined, aJob({ status: 'running' }));
    expect([idsOf(tasks), total, complete]).toEqual([['0001', '0003'], 3, false]);
  });

  it('leaves out what an earlier round left in a task that waits to run again', () => {
    const [first, second] = tasksOf(1, 2) as [Task, Task];
    const tasks = [first, { ...second, status: 'failed', round: 1 } as Task];
    const { tasks: needed, complete } = plan(tasks, 10, undefined, aJob({ status: 'running', round: 2 }));
    expect([idsOf(needed), complete]).toEqual([['0001'], false]);
  });

  it('is not complete in a list begun before the end, though all have ended since: an earlier task may have been missed', () => {
    const begun = plan(tasksOf(undefined, 2), 1, undefined, aJob({ status: 'running' }));
    const { tasks, complete, next } = plan(tasksOf(4, 2), 1, begun.next(1));
    expect([idsOf(tasks), complete, next(1)]).toEqual([['0002'], false, undefined]);
  });

  it.each(['nonsense', '0002', '0002#', '0002#-3', '0002#1e9', '0002#Infinity', '0002#x#y', '9999#0', '#1'])(
    'starts somewhere in the list for the made-up place %j',
    (after) => {
      const { skip, next } = plan(tasksOf(1, 2, 3), 10, after);
      expect(skip).toBeGreaterThanOrEqual(0);
      expect(skip).toBeLessThan(2);
      expect(next(6)).toBeUndefined();
    },
  );
});
