/** Lists that come in pages. */
import type { Data } from './output.ts';

interface Paged {
  readonly nextCursor?: string | undefined;
}

/** Page after page until there is none, or `wanted` rows were had; `ask` gets the cursor and how many rows may still come. */
export async function* pages<P extends Paged>(
  ask: (cursor: string | undefined, left: number) => Promise<P>,
  rowsOf: (page: P) => readonly unknown[],
  {
    wanted = Number.POSITIVE_INFINITY,
    cursor,
  }: { readonly wanted?: number; readonly cursor?: string | undefined } = {},
): AsyncGenerator<P> {
  let left = wanted;
  let next = cursor;
  do {
    const page = await ask(next, left);
    yield page;
    left -= rowsOf(page).length;
    next = page.nextCursor;
  } while (next !== undefined && left > 0);
}

/** One document of the API's shape, `{"<name>":[…],"nextCursor"?}`, written page by page: a list of any length is never held. */
export async function writePages<P extends Paged>(
  data: Data,
  name: string,
  found: AsyncIterable<P>,
  rowsOf: (page: P) => readonly unknown[],
): Promise<void> {
  let separator = `{${JSON.stringify(name)}:[`;
  let nextCursor: string | undefined;
  for await (const page of found) {
    for (const row of rowsOf(page)) {
      await data.write(separator + JSON.stringify(row));
      separator = ',';
    }
    nextCursor = page.nextCursor;
  }
  const end = nextCursor === undefined ? '' : `,"nextCursor":${JSON.stringify(nextCursor)}`;
  await data.write(`${separator === ',' ? '' : separator}]${end}}\n`);
}
