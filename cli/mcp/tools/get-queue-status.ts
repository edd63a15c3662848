/** `get_queue_status`: GET /queue. */
import * as z from 'zod';
import type { QueueView } from '#shared/contracts/queue.ts';
import { defineTool, READS } from '../tool.ts';

const Count = z.int().min(0);

const QueueOutput = z.object({
  queue_depth: Count.describe('Parts of scans that wait or run'),
  dlq_size: Count.describe('Parts of scans that were given up; the newest 100 are counted'),
  next_tasks: z.array(
    z.object({
      task_id: z.string().describe('The scan it belongs to'),
      scanner_type: z.string(),
      status: z.string(),
      not_before: z.string().nullable().describe('ISO 8601, UTC'),
    }),
  ),
  timestamp: z.string().describe('When this was so; ISO 8601, UTC'),
});

export const queueOutput = (queue: QueueView, now: Date): z.input<typeof QueueOutput> => ({
  queue_depth: queue.released + queue.waiting,
  dlq_size: queue.deadLetters,
  next_tasks: queue.nextTasks.map(({ jobId, scanner, status, notBefore }) => ({
    task_id: jobId,
    scanner_type: scanner,
    status,
    not_before: notBefore ?? null,
  })),
  timestamp: now.toISOString(),
});

export const getQueueStatus = defineTool({
  name: 'get_queue_status',
  title: 'How much waits',
  description: "How many parts of one's own scans wait or run, which come next, and how many were given up.",
  input: z.strictObject({}),
  output: QueueOutput,
  hints: READS,
  async run(client, _input, signal) {
    return queueOutput(await client.call('getQueue', {}, signal), new Date());
  },
});
