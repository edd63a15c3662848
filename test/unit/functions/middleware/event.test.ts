import type { Context } from 'aws-lambda';
import { beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type EventInput, eventHandler } from '#functions/middleware/event.ts';
import { ValidationError } from '#shared/errors.ts';
import { captureLog } from '#test/support/log-lines.ts';

const Detail = z.object({ jobId: z.string(), tries: z.int().default(1) });

const send = (handler: unknown, detail: unknown, context: Partial<Context> = {}) =>
  (handler as (event: unknown, context: unknown) => Promise<unknown>)(
    { id: 'event-1', 'detail-type': 'ThingHappened', source: 'scanfleet', detail },
    context,
  );

let log: ReturnType<typeof captureLog>;
beforeEach(() => {
  log = captureLog();
});

describe('an event handler', () => {
  it('hands the checked detail, the event id and the time left to the decision, and logs what it did', async () => {
    const given: EventInput<z.output<typeof Detail>>[] = [];
    const handler = eventHandler('do-thing', Detail, async (input) => {
      given.push(input);
      return { done: 3 };
    });
    await send(handler, { jobId: 'job-1' }, { getRemainingTimeInMillis: () => 4_000 });
    expect(given[0]).toMatchObject({ detail: { jobId: 'job-1', tries: 1 }, eventId: 'event-1' });
    expect(given[0]?.remainingMs()).toBe(4_000);
    expect(log.lines).toEqual([
      expect.objectContaining({ function: 'do-thing', type: 'ThingHappened', eventId: 'event-1', done: 3 }),
    ]);
  });

  it('refuses a detail that is not what it must be, naming the fields', async () => {
    const handler = eventHandler('do-thing', Detail, async () => ({}));
    await expect(send(handler, { tries: 'x' })).rejects.toThrow(ValidationError);
    await expect(send(handler, { tries: 'x' })).rejects.toThrow(/jobId .*; tries /);
  });

  it('logs, counts and passes on what the decision throws, so that Lambda tries again', async () => {
    const handler = eventHandler('do-thing', Detail, () => Promise.reject(new Error('boom')));
    await expect(send(handler, { jobId: 'job-1' })).rejects.toThrow('boom');
    expect(log.lines).toContainEqual(expect.objectContaining({ level: 'ERROR', message: 'event failed' }));
    expect(log.lines).toContainEqual(expect.objectContaining({ Errors: 1, function: 'do-thing' }));
  });
});
