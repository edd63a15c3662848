/** POST /jobs/{jobId}/retry: an empty body, or none, runs the tasks again as they were. */
import * as z from 'zod';
import { WindowRequest } from './maintenance-window.ts';

export const RetryJobRequest = z
  .strictObject({
    window: WindowRequest.optional().describe(
      'The maintenance window of all tasks that run again, instead of those they had',
    ),
  })
  .prefault({});
