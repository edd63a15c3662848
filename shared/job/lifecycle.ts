/** The states of a job and what moves it between them. A job turns terminal only by finalise, when no task of it is open. */
import { ConflictError } from '../errors.ts';
import { STATUSES, type Status, type TerminalStatus } from '../status.ts';

/** start: the first claim · cancel: the caller's wish · expire: the deadline passed · finalise: no task is open · retry: again what did not complete. */
export const JOB_EVENTS = ['start', 'cancel', 'expire', 'finalise', 'retry'] as const;
export type JobEvent = (typeof JOB_EVENTS)[number];

/** `finalise` leads to one of the terminal states; `outcomeOf` says which. */
type Next = Status | 'outcome';

// biome-ignore format: a table reads by column
const TRANSITIONS: Record<Status, Partial<Record<JobEvent, Next>>> = {
  queued:     { start: 'running', cancel: 'cancelling', expire: 'cancelling', finalise: 'outcome' },
  running:    {                   cancel: 'cancelling', expire: 'cancelling', finalise: 'outcome' },
  cancelling: {                                                               finalise: 'outcome' },
  completed:  {},
  failed:     { retry: 'queued' },
  timed_out:  { retry: 'queued' },
  cancelled:  {},
};

export const STOP_REASONS = ['none', 'cancel', 'deadline'] as const;
export type StopReason = (typeof STOP_REASONS)[number];

/** How the ended tasks of a job are spread over the terminal states. */
export type EndCounts = Readonly<Record<'completed' | 'failed' | 'timedOut' | 'cancelled', number>>;

/** The terminal state of a job whose tasks have all ended. A deadline that met only completed tasks leaves the job completed. */
export function outcomeOf(stopReason: StopReason, ended: EndCounts): TerminalStatus {
  if (stopReason === 'cancel') return 'cancelled';
  if (ended.failed > 0) return 'failed';
  if (ended.timedOut > 0) return 'timed_out';
  return 'completed';
}

/** The states `event` may come from: what the store writes into its conditions. */
export const jobSourcesOf = (event: JobEvent): Status[] => STATUSES.filter((from) => event in TRANSITIONS[from]);

/** The state after `event`; for `finalise` the outcome. ConflictError when a job in state `from` cannot do that. */
export function nextJobStatus(from: Status, event: JobEvent, outcome?: TerminalStatus): Status {
  const to = TRANSITIONS[from][event];
  if (to === undefined) throw new ConflictError('job_state', `a ${from} job cannot ${event}`);
  if (to !== 'outcome') return to;
  if (outcome === undefined)
    throw new ConflictError('job_state', 'a job is finalised only with the outcome of its tasks');
  return outcome;
}
