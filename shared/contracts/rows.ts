/** What a job's tasks left, in pages: the parts that its findings and its coverage have in common. */
import * as z from 'zod';

export const RowsQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  cursor: z.string().min(1).max(1_024).optional(),
});

/** A page may hold fewer than `limit` and still have a `nextCursor`. */
export const rowsResponse = <Name extends string, Row extends z.ZodType>(name: Name, row: Row) =>
  z.object({
    ...({ [name]: z.array(row) } as { [key in Name]: z.ZodArray<Row> }),
    total: z.int().min(0).describe('Of all pages together, as known now'),
    complete: z
      .boolean()
      .describe('Whether this page and those before it left nothing out: false in a list begun while tasks still ran'),
    nextCursor: z.string().optional(),
  });
