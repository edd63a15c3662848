/** Columns that line up. Pure. */
import { clip, columnsOf, padEnd } from './terminal-text.ts';

/** Between two columns. */
const GAP = '  ';
/** The last column is never cut below this: on a narrower terminal the line wraps. */
const LAST_AT_LEAST = 10;

/** How wide each column must be for `rows`, and at least. */
export const columnWidths = (rows: readonly (readonly string[])[], atLeast: readonly number[]): number[] =>
  atLeast.map((least, i) => Math.max(least, ...rows.map((row) => columnsOf(row[i] ?? ''))));

/** The cells of a row, padded to `widths`; the last is not padded, but cut to fit `columns` when given. */
export function alignRow(row: readonly string[], widths: readonly number[], columns?: number): string[] {
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + GAP.length, 0);
  return row.map((text, i) => {
    if (i < row.length - 1) return padEnd(text, widths[i] ?? 0) + GAP;
    return columns === undefined ? text : clip(text, Math.max(LAST_AT_LEAST, columns - before));
  });
}
