/** GET /dead-letters and POST /dead-letters/redrive: what was given up, and another try. */
import * as z from 'zod';
import { STANDINGS, UNREADABLE_REASONS } from '../job/dead-letter.ts';
import { SCANNER_NAMES, WORKER_SIZES } from '../scanner/definition.ts';
import { JobId, TaskId } from './ids.ts';
import { noBody, none, route } from './route.ts';

/** As in deadLetterIdOf. */
const DeadLetterId = z
  .string()
  .regex(
    /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\/\d{4}$/,
    'must be a dead letter as GET /dead-letters names it: <jobId>/<taskId>',
  )
  .meta({ id: 'DeadLetterId' });

const Cursor = z.string().min(1).max(1_024);
const At = z.iso.datetime();
const Count = z.int().min(0);

export const DEAD_LETTER_SCOPES = ['own', 'fleet'] as const;

export const DeadLettersQuery = z.strictObject({
  scope: z.enum(DEAD_LETTER_SCOPES).default('own').describe('fleet, for admins: messages that no worker could read'),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: Cursor.optional(),
});

const DeadTaskView = z.object({
  kind: z.literal('task'),
  deadLetterId: DeadLetterId,
  jobId: JobId,
  taskId: TaskId,
  scanner: z.enum(SCANNER_NAMES),
  at: At,
  code: z.string().describe('Why it failed for the last time'),
  message: z.string(),
  stderrTail: z.string().optional().describe("The last of the scanner's stderr"),
  attempt: Count,
  claims: z.array(
    z.object({ attempt: Count, worker: z.string(), at: At, endedAt: At.optional(), why: z.string().optional() }),
  ),
  standing: z.enum(STANDINGS).describe('Whether it can be redriven now'),
});
export type DeadTaskView = z.output<typeof DeadTaskView>;

const UnreadableMessageView = z.object({
  kind: z.literal('message'),
  deadLetterId: z.string().describe('SHA-256 of its body'),
  at: At,
  reason: z.enum(UNREADABLE_REASONS),
  body: z.string().describe('Its first 4 KB, as it came: not to be trusted'),
  bytes: Count,
  receiveCount: Count,
  queue: z.enum(WORKER_SIZES),
});
export type UnreadableMessageView = z.output<typeof UnreadableMessageView>;

export const DeadLetterView = z
  .discriminatedUnion('kind', [DeadTaskView, UnreadableMessageView])
  .meta({ id: 'DeadLetter' });
export type DeadLetterView = z.output<typeof DeadLetterView>;

export const DeadLettersResponse = z
  .object({ deadLetters: z.array(DeadLetterView), nextCursor: z.string().optional() })
  .meta({ id: 'DeadLetterList' });
export type DeadLettersResponse = z.output<typeof DeadLettersResponse>;

export const RedriveRequest = z
  .strictObject({
    deadLetters: z.array(DeadLetterId).min(1).max(100).optional(),
    all: z.literal(true).optional().describe("Instead: one's own, page by page, newest first"),
    cursor: Cursor.optional().describe('Where an earlier answer to `all` ended (its nextCursor)'),
  })
  .refine(({ deadLetters, all }) => (deadLetters === undefined) !== (all === undefined), {
    path: ['deadLetters'],
    error: 'must be a list of dead letters, or absent with "all": true',
  })
  .refine(({ all, cursor }) => cursor === undefined || all !== undefined, {
    path: ['cursor'],
    error: 'is allowed with "all": true only',
  });
export type RedriveRequest = z.output<typeof RedriveRequest>;

/**
 * redriven: it runs again · job_open, job_cancelled: as its standing · gone: it is no dead letter, perhaps not any more · quota_exceeded:
 * the tenant has as many active jobs as it may · refused: `why` says it.
 */
export const REDRIVE_OUTCOMES = [
  'redriven', 'job_open', 'job_cancelled', 'gone', 'quota_exceeded', 'refused',
] as const; // biome-ignore format: reads as one list
export type RedriveOutcome = (typeof REDRIVE_OUTCOMES)[number];

const RedrivenView = z.object({
  deadLetterId: DeadLetterId,
  outcome: z.enum(REDRIVE_OUTCOMES),
  why: z.string().optional(),
});
export type RedrivenView = z.output<typeof RedrivenView>;

export const RedriveResponse = z
  .object({ deadLetters: z.array(RedrivenView), nextCursor: z.string().optional() })
  .meta({ id: 'Redriven' });
export type RedriveResponse = z.output<typeof RedriveResponse>;

export const listDeadLettersRoute = route({
  method: 'GET',
  path: '/dead-letters',
  function: 'list-dead-letters',
  summary: 'What was given up and why, newest first',
  request: { path: none, query: DeadLettersQuery, body: noBody },
  responses: { 200: DeadLettersResponse },
  streaming: false,
  callers: 'any',
});

export const redriveDeadLettersRoute = route({
  method: 'POST',
  path: '/dead-letters/redrive',
  function: 'redrive-dead-letters',
  summary: 'Try again what was given up: the tasks of its job that did not complete run once more',
  request: { path: none, query: none, body: RedriveRequest },
  responses: { 200: RedriveResponse },
  streaming: false,
  callers: 'any',
});
