/** `list_tasks`: GET /jobs. */
import * as z from 'zod';
import { STATUSES } from '#shared/status.ts';
import { defineTool, READS } from '../tool.ts';
import { ScanOutput, scanOutput } from '../words.ts';

const DEFAULT_LIMIT = 10;
/** A page of the API (shared/contracts/list-jobs.ts). */
const MAX_LIMIT = 100;

export const listTasks = defineTool({
  name: 'list_tasks',
  title: 'List scans',
  description: "One's own scans, newest first; also those that other clients started with the same credentials.",
  input: z.strictObject({
    limit: z.int().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT),
    status_filter: z.enum(STATUSES).optional().describe('Only those in this state'),
    cursor: z.string().min(1).optional().describe('next_cursor of an earlier answer, to go on after it'),
  }),
  output: z.object({
    tasks: z.array(ScanOutput.extend({ name: z.string().nullable() })),
    next_cursor: z.string().nullable().describe('Where the next ones begin; null when there are no more'),
  }),
  hints: READS,
  async run(client, { limit, status_filter, cursor }, signal) {
    const page = await client.call('listJobs', { query: { limit, status: status_filter, cursor } }, signal);
    return {
      tasks: page.jobs.map((job) => ({ ...scanOutput(job), name: job.name ?? null })),
      next_cursor: page.nextCursor ?? null,
    };
  },
});
