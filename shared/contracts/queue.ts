/** GET /queue: what waits, what runs it, and what was given up. */
import * as z from 'zod';
import { SCANNER_NAMES, WORKER_SIZES } from '../scanner/definition.ts';
import { STATUSES } from '../status.ts';
import { JobId, TaskId } from './ids.ts';
import { noBody, none, route } from './route.ts';

const Count = z.int().min(0);
const At = z.iso.datetime();

export const QueueQuery = z.strictObject({
  scope: z.enum(['own', 'fleet']).default('own').describe("fleet, for admins: every tenant's, and the SQS queues"),
});

const BySize = <S extends z.ZodType>(schema: S) => z.record(z.enum(WORKER_SIZES), schema);

export const QueueView = z
  .object({
    openJobs: Count.describe('At most 100 in each state, or of the fleet 400, are counted and looked at'),
    released: Count.describe('Tasks on the queue or held by a worker'),
    waiting: Count.describe('Tasks that wait for room in the window of their tenant'),
    oldestCreatedAt: At.optional().describe('Of the open jobs'),
    oldestAgeSeconds: Count.optional(),
    nextTasks: z.array(
      z.object({
        jobId: JobId,
        taskId: TaskId,
        scanner: z.enum(SCANNER_NAMES),
        status: z.enum(STATUSES),
        notBefore: At.optional(),
      }),
    ),
    deadLetters: Count.describe('As GET /dead-letters lists with the same scope; the newest 100 are counted'),
    workers: BySize(z.object({ running: Count, starting: Count })).describe('They serve all tenants'),
    queues: BySize(z.object({ visible: Count, inFlight: Count, delayed: Count }))
      .optional()
      .describe('Messages, approximately; for scope fleet'),
  })
  .meta({ id: 'Queue' });
export type QueueView = z.output<typeof QueueView>;

export const getQueueRoute = route({
  method: 'GET',
  path: '/queue',
  function: 'get-queue',
  summary: 'What waits, what runs it and what was given up',
  request: { path: none, query: QueueQuery, body: noBody },
  responses: { 200: QueueView },
  streaming: false,
  callers: 'any',
});
