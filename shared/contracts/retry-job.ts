/** POST /jobs/{jobId}/retry: an empty body, or none, runs the tasks again as they were. */
import * as z from 'zod';
import { JobView } from './job.ts';
import { WindowRequest } from './maintenance-window.ts';
import { jobPath, none, route } from './route.ts';
import { MaxCostUsd } from './usage.ts';

export const RetryJobRequest = z
  .strictObject({
    window: WindowRequest.optional().describe(
      'The maintenance window of all tasks that run again, instead of those they had',
    ),
    maxCostUsd: MaxCostUsd.optional(),
  })
  .prefault({});

export const retryJobRoute = route({
  method: 'POST',
  path: '/jobs/{jobId}/retry',
  function: 'retry-job',
  summary: 'Run again what a failed or timed out job did not complete',
  request: { path: jobPath, query: none, body: RetryJobRequest },
  responses: { 202: JobView },
  streaming: false,
  callers: 'any',
});
