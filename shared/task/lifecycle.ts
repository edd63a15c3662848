/** The states of a task and what moves it between them. Every write condition on a task's status comes from this table. */
import { ConflictError } from '../errors.ts';
import { STATUSES, type Status } from '../status.ts';

/**
 * claim: a worker takes the lease · succeed, fail (permanently): the run ended · lose: the lease expired or a transient failure, failures
 * left · exhaust: the same, none left · release: the worker shuts down or the host is busy · expire: the deadline passed · cancel: the
 * caller's wish · stop: the scanner of a cancelled task is gone, or its lease is · stopForDeadline: the same under a passed deadline ·
 * close: its maintenance window closed before a worker had it, or when none had it any more · retry: the caller tries the job again.
 */
export const TASK_EVENTS = [
  'claim', 'succeed', 'fail', 'lose', 'exhaust', 'release', 'expire', 'cancel', 'stop', 'stopForDeadline', 'close', 'retry',
] as const; // biome-ignore format: reads as one list
export type TaskEvent = (typeof TASK_EVENTS)[number];

// biome-ignore format: a table reads by column
const TRANSITIONS: Record<Status, Partial<Record<TaskEvent, Status>>> = {
  queued:     { claim: 'running', expire: 'timed_out', cancel: 'cancelled', close: 'failed' },
  running:    { succeed: 'completed', fail: 'failed', lose: 'queued', exhaust: 'failed', release: 'queued', expire: 'timed_out', cancel: 'cancelling', stop: 'cancelled', stopForDeadline: 'timed_out', close: 'failed' },
  cancelling: { stop: 'cancelled', stopForDeadline: 'timed_out' },
  completed:  {},
  failed:     { retry: 'queued' },
  timed_out:  { retry: 'queued' },
  cancelled:  {},
};

/** The state after `event`; ConflictError when a task in state `from` cannot do that. */
export function nextTaskStatus(from: Status, event: TaskEvent): Status {
  const to = TRANSITIONS[from][event];
  if (to === undefined) throw new ConflictError('task_state', `a ${from} task cannot ${event}`);
  return to;
}

/** The states `event` may come from: what the store writes into its conditions. */
export const taskSourcesOf = (event: TaskEvent): Status[] => STATUSES.filter((from) => event in TRANSITIONS[from]);

/**
 * The state a task is in as seen from its job's `round`. A retry raises the job's round and leaves the tasks' records to be reset when
 * they are released (protocol operations 3 and 16): until then a task of an earlier round that did not complete is as good as queued.
 */
export const statusInRound = (task: { status: Status; round: number }, round: number): Status =>
  task.round < round && task.status !== 'completed' ? 'queued' : task.status;
