/** The way in for what EventBridge sends: events on our bus, and schedules. */
import middy from '@middy/core';
import type { Context, EventBridgeEvent } from 'aws-lambda';
import type * as z from 'zod';
import { ValidationError } from '#shared/errors.ts';
import { logger } from '#shared/observability/logger.ts';
import { record } from '#shared/observability/metrics.ts';
import { fieldName } from './read-request.ts';

type Event = EventBridgeEvent<string, unknown>;

export interface EventInput<Detail> {
  readonly detail: Detail;
  /** Equal when EventBridge delivers the same event again. */
  readonly eventId: string;
  /** Milliseconds until Lambda ends this run; Infinity where nobody does. */
  readonly remainingMs: () => number;
}

/**
 * A Lambda handler named `name` (its folder) for events whose detail is `schema`'s. Delivery is at least once. What `decide` returns is
 * logged; what it throws is logged and thrown on, for Lambda to try again and then to keep.
 */
export function eventHandler<S extends z.ZodType>(
  name: string,
  schema: S,
  decide: (input: EventInput<z.output<S>>) => Promise<object>,
) {
  const run = async (event: Event, context: Context) => {
    const detail = readDetail(schema, event.detail);
    const remainingMs = () => context.getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY;
    const done = await decide({ detail, eventId: event.id, remainingMs });
    logger.info('event handled', { function: name, eventId: event.id, type: event['detail-type'], ...done });
  };
  return middy<Event, void, Error, Context>({ timeoutEarlyInMillis: 0 })
    .onError(({ error, event }) => {
      logger.error('event failed', { function: name, eventId: event.id, error: error as Error });
      record({ errors: 1 }, { function: name });
    })
    .handler(run);
}

function readDetail<S extends z.ZodType>(schema: S, detail: unknown): z.output<S> {
  const parsed = schema.safeParse(detail);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map(({ path, message }) => ({ field: fieldName(path, 'detail'), message }));
  throw new ValidationError(errors, { cause: parsed.error });
}
