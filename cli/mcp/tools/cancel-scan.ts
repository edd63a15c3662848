/** `cancel_scan`: POST /jobs/{jobId}/cancel. */
import * as z from 'zod';
import { STATUSES } from '#shared/status.ts';
import { defineTool } from '../tool.ts';
import { TaskIdInput } from '../words.ts';

export const cancelScan = defineTool({
  name: 'cancel_scan',
  title: 'Cancel a scan',
  description:
    'Stop a scan: what waits never runs, what runs is stopped within seconds, what was found until then is kept. It cannot be undone.',
  input: z.strictObject({ task_id: TaskIdInput }),
  output: z.object({ task_id: z.string(), status: z.enum(STATUSES), message: z.string() }),
  hints: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  async run(client, { task_id }, signal) {
    const { jobId, status } = await client.call('cancelJob', { path: { jobId: task_id } }, signal);
    return {
      task_id: jobId,
      status,
      message:
        status === 'cancelled'
          ? 'Cancelled. get_scan_results gives what was found until then.'
          : 'Being cancelled: nothing new starts, what runs is being stopped. Call get_scan_status until status is cancelled.',
    };
  },
});
