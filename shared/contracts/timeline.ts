/** GET /jobs/{jobId}/timeline: what happened to a job, oldest first. */
import * as z from 'zod';
import { STATUSES } from '../status.ts';
import { TaskId } from './ids.ts';
import { jobPath, noBody, route } from './route.ts';

export const TimelineQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.string().min(1).max(1_024).optional(),
});
export type TimelineQuery = z.output<typeof TimelineQuery>;

const happened = {
  at: z.iso.datetime(),
  by: z.string().describe('A principal, `worker/<id>` or `sweep-tasks`'),
  why: z.string(),
};

export const TimelineEventView = z
  .discriminatedUnion('what', [
    z.object({
      what: z.literal('job_moved'),
      ...happened,
      from: z.enum(STATUSES).nullable().describe('null: the job was submitted'),
      to: z.enum(STATUSES),
    }),
    z.object({
      what: z.enum(['task_claimed', 'claim_ended']),
      ...happened,
      taskId: TaskId,
      attempt: z.int().min(1),
    }),
  ])
  .meta({ id: 'TimelineEvent' });
export type TimelineEventView = z.output<typeof TimelineEventView>;

export const TimelineResponse = z
  .object({ events: z.array(TimelineEventView), nextCursor: z.string().optional() })
  .meta({ id: 'Timeline' });
export type TimelineResponse = z.output<typeof TimelineResponse>;

export const getTimelineRoute = route({
  method: 'GET',
  path: '/jobs/{jobId}/timeline',
  function: 'get-timeline',
  summary: 'What happened to a job, who did it and why, oldest first',
  request: { path: jobPath, query: TimelineQuery, body: noBody },
  responses: { 200: TimelineResponse },
  streaming: false,
  callers: 'any',
});
