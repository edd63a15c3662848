/** Ids and instants as they come from outside. */
import * as z from 'zod';

/** UUIDv7 (RFC 9562), lower case. */
export const JobId = z
  .string()
  .regex(
    /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    'must be a job id: a UUIDv7 in lower case',
  )
  .meta({ id: 'JobId' });
export const TaskId = z
  .string()
  .regex(/^\d{4}$/, 'must be a task id: four digits')
  .meta({ id: 'TaskId' });

/** ISO 8601, UTC, stored with milliseconds. */
export const Instant = z.iso
  .datetime({ error: 'must be an ISO 8601 UTC time, as in 2026-01-31T12:00:00.000Z' })
  .transform((text) => new Date(text).toISOString());
