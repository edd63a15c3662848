/** One line that says how far a job is: a bar where there is room, fewer words where there is little. Pure. */
import { clip, printable } from './terminal-text.ts';

export interface Progress {
  /** The job's state, in one word. */
  readonly state: string;
  /** 0 to 100. */
  readonly percent: number;
  /** Counts worth knowing, as in `3 of 7 tasks`. */
  readonly counts: string;
  /** What goes on now, in the scanner's words; hostile. */
  readonly message: string;
}

const BAR_COLUMNS = 20;
/** Below this many columns a bar would leave no room for words. */
const ROOM_FOR_BAR = 60;

/** At most `columns` columns: one fewer than the terminal's keeps the cursor off the margin, where a terminal wraps. */
export function progressLine({ state, percent, counts, message }: Progress, columns: number): string {
  const filled = Math.round((percent / 100) * BAR_COLUMNS);
  const bar = columns < ROOM_FOR_BAR ? '' : `[${'#'.repeat(filled).padEnd(BAR_COLUMNS, '-')}] `;
  const done = `${Math.floor(percent)}%`.padStart(4);
  return clip(printable([`${bar}${done} ${state}`, counts, message].filter(Boolean).join('  ')), columns);
}

/** The same for a log: no bar, no padding. */
export const plainProgress = ({ state, percent, counts, message }: Progress): string =>
  [`${state} ${Math.floor(percent)}%`, counts, message].filter(Boolean).join(', ');
