/** What scans used and what that comes to, as the API shows it. */
import * as z from 'zod';

export const UsageView = z
  .object({
    workerSeconds: z.number().min(0).describe("Of workers' time, divided among the tasks that shared it"),
    storedBytes: z.int().min(0).describe('Of results'),
    costUsd: z
      .number()
      .min(0)
      .describe('List price of these and of the requests that tasks make; docs/cost.md says what is not in it'),
  })
  .meta({ id: 'Usage' });
export type UsageView = z.output<typeof UsageView>;

/** A cap that a caller sets: it can only lower the deployment's. */
export const MaxCostUsd = z
  .number()
  .positive()
  .describe('Once the job has cost so much (USD) no further task of it starts; at most the cap of the deployment');
