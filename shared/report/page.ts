/**
 * Pages over rows that lie with the tasks of a job. How many each task holds is in its record: which tasks a page is made from, and where
 * the next one starts, is known before anything is read of them.
 */
import type { Job } from '../job/job.ts';
import { isTerminal } from '../status.ts';
import { statusInRound } from '../task/lifecycle.ts';
import type { Task } from '../task/task.ts';

export interface PageRequest {
  /** Rows of one page. */
  readonly limit: number;
  /** A plan's `next`. Another text starts the list somewhere. */
  readonly after?: string;
}

export interface PagePlan {
  /** Those that hold the page's rows, in order of number; of the others nothing need be read. */
  readonly tasks: readonly Task[];
  /** Rows of the first task that earlier pages gave. */
  readonly skip: number;
  /** Rows of all pages. */
  readonly total: number;
  /** Whether the pages up to this one left nothing out: not while a task runs, nor in a list that was begun then. */
  readonly complete: boolean;
  /** The place after `count` rows of this page; undefined when there are none behind it. */
  next(count: number): string | undefined;
}

/** What marks the places of a list that was begun before all tasks had ended. */
const PARTIAL = 'partial';

/** `rowsOf` says how many rows a task that has ended holds; tasks that have not hold none yet. */
export function planPage(
  { status, round }: Pick<Job, 'status' | 'round'>,
  tasks: readonly Task[],
  rowsOf: (task: Task) => number,
  { limit, after = '' }: PageRequest,
): PagePlan {
  const [taskId = '', given = '', mark] = after.split('#');
  const ended = tasks.filter((task) => isTerminal(statusInRound(task, round)));
  const held = ended.map((task) => ({ task, rows: rowsOf(task) }));
  const left = held.filter(({ task, rows }) => task.taskId >= taskId && rows > 0);
  const skip = left[0]?.task.taskId === taskId ? clamp(Number(given), left[0].rows) : 0;
  const complete = isTerminal(status) && ended.length === tasks.length && mark !== PARTIAL;
  const needed: Task[] = [];
  for (let rows = -skip, at = 0; rows < limit && at < left.length; at += 1) {
    const { task, rows: more } = left[at] as (typeof left)[number];
    needed.push(task);
    rows += more;
  }
  return {
    tasks: needed,
    skip,
    total: held.reduce((sum, { rows }) => sum + rows, 0),
    complete,
    next(count) {
      let from = skip + count;
      for (const { task, rows } of left) {
        if (from < rows) return [task.taskId, from, ...(complete ? [] : [PARTIAL])].join('#');
        from -= rows;
      }
      return undefined;
    },
  };
}

/** A count that a cursor names, which anybody may have made up: from 0 to all but one row of its task. */
const clamp = (count: number, rows: number): number => Math.min(Math.max(0, Math.trunc(count) || 0), rows - 1);
