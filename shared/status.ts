/** The states a job and a task share. */
export const STATUSES = ['queued', 'running', 'cancelling', 'completed', 'failed', 'timed_out', 'cancelled'] as const;
export type Status = (typeof STATUSES)[number];

export const TERMINAL_STATUSES = ['completed', 'failed', 'timed_out', 'cancelled'] as const satisfies readonly Status[];
export type TerminalStatus = (typeof TERMINAL_STATUSES)[number];
export type OpenStatus = Exclude<Status, TerminalStatus>;

export const isTerminal = (status: Status): status is TerminalStatus =>
  (TERMINAL_STATUSES as readonly Status[]).includes(status);
