/** What a job's tasks left, in pages: how `findings` and `coverage` show it. */
import type { Command } from 'commander';
import type { ConnectionOptions } from './connect.ts';
import { wholeNumber } from './option-values.ts';
import type { Cell, Column, Output } from './output.ts';
import { pages } from './pages.ts';

export interface RowsOptions extends ConnectionOptions {
  readonly limit: number;
  readonly all?: true;
  readonly cursor?: string;
}

export const addRowsOptions = (command: Command): Command =>
  command
    .option('-n, --limit <number>', 'show at most so many', wholeNumber, 100)
    .option('--all', 'show all')
    .option('--cursor <cursor>', 'go on where an earlier list ended (its nextCursor)');

interface RowsPage {
  readonly total: number;
  readonly complete: boolean;
  readonly nextCursor?: string | undefined;
}

export interface Rows<Page extends RowsPage, Row> {
  readonly ask: (query: { readonly cursor: string | undefined; readonly limit: number }) => Promise<Page>;
  readonly rowsOf: (page: Page) => readonly Row[];
  readonly columns: readonly Column[];
  readonly cellsOf: (row: Row) => readonly Cell[];
  /** Said where there are none. */
  readonly none: string;
}

/** The most a page can hold (shared/contracts/rows.ts). */
const PAGE = 1_000;

/** A table, or NDJSON whose last line tells whether that was all: who reads a list must not take a part of it for the whole. */
export async function showRows<Page extends RowsPage, Row>(
  output: Output,
  { json, limit, all, cursor }: RowsOptions,
  { ask, rowsOf, columns, cellsOf, none }: Rows<Page, Row>,
): Promise<void> {
  const wanted = all ? Number.POSITIVE_INFINITY : limit;
  const found = pages((at, left) => ask({ cursor: at, limit: Math.min(PAGE, left) }), rowsOf, { wanted, cursor });
  const table = output.table(columns);
  let shown = 0;
  let last: RowsPage = { total: 0, complete: true };
  for await (const page of found) {
    const rows = rowsOf(page);
    if (json) await output.write(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    else if (rows.length > 0) table.add(rows.map(cellsOf));
    shown += rows.length;
    last = page;
  }
  const { total, complete, nextCursor } = last;
  if (json) return output.write(`${JSON.stringify({ end: true, shown, total, complete, nextCursor })}\n`);
  if (total === 0) output.line(none);
  if (nextCursor !== undefined) output.message(`${shown} of ${total} shown. --all shows all.`);
  if (!complete) output.message('Not all tasks had ended: there may be more.');
}
