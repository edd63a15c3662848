/** What becomes of a scan on a Nessus server, by the words it uses. */

/** `open`: it goes on, or may. A word nobody knows may mean anything, so it is waited out to the deadline. */
export type ScanState = 'open' | 'completed' | 'stopped' | 'aborted';

// biome-ignore format: a table reads by column
const STATES: Readonly<Record<string, ScanState>> = {
  empty:      'open',   // never launched, or not yet taken up
  pending:    'open',
  running:    'open',
  pausing:    'open',
  paused:     'open',   // somebody may resume it
  resuming:   'open',
  stopping:   'open',
  processing: 'open',
  completed:  'completed',
  canceled:   'stopped',
  stopped:    'stopped',
  aborted:    'aborted',
  imported:   'aborted', // its results are of another scan
};

export const stateOf = (status: string): ScanState => STATES[status.toLowerCase()] ?? 'open';

/** Neither begun nor at work. */
const RESTING = new Set(['empty', 'paused']);

/** Whether it takes up room on the server. */
export const isActive = (status: string): boolean => stateOf(status) === 'open' && !RESTING.has(status.toLowerCase());
