/** What functions say when the table they are given is not the one they need, and when it is mended. */
import { UpdateTableCommand, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { changeEnvironment } from '#shared/env.ts';
import { type Emulators, startEmulators } from '#test/support/emulators.ts';
import { captureLog } from '#test/support/log-lines.ts';
import { CALLERS, call } from '#test/support/proxy-event.ts';

let emulators: Emulators;
let health: unknown;
let sweep: (event: object, context: object) => Promise<void>;
captureLog();

beforeAll(async () => {
  emulators = await startEmulators();
  changeEnvironment({
    JOB_TABLE: emulators.table,
    TASK_QUEUE_URL_SMALL: emulators.queueUrls.small,
    TASK_QUEUE_URL_LARGE: emulators.queueUrls.large,
    DEAD_LETTER_QUEUE_URL_SMALL: emulators.deadLetterUrls.small,
    DEAD_LETTER_QUEUE_URL_LARGE: emulators.deadLetterUrls.large,
    EVENT_BUS: 'none',
    CALLER_SETTINGS: JSON.stringify(CALLERS),
  });
  const [getHealth, sweepTasks] = await Promise.all([
    import('#functions/get-health/handler.ts'),
    import('#functions/sweep-tasks/handler.ts'),
  ]);
  health = getHealth.handler;
  sweep = sweepTasks.handler as unknown as typeof sweep;
});
afterAll(() => emulators.close());

const expire = (Enabled: boolean) =>
  emulators.dynamodb.send(
    new UpdateTimeToLiveCommand({
      TableName: emulators.table,
      TimeToLiveSpecification: { AttributeName: 'expiresAtEpochSeconds', Enabled },
    }),
  );
const EVENT = { id: 'event-1', 'detail-type': 'Scheduled Event', detail: {} };
const sweepOnce = () => sweep(EVENT, {});

it('health names what differs until it is mended; jobs are repaired all the same where only expiry is wrong', async () => {
  await expire(false);
  const detail =
    'the table scanfleet-test is not the one this scanfleet needs: nothing expires: TTL is DISABLED (needed: ENABLED on expiresAtEpochSeconds)';
  expect(await call(health)).toMatchObject({ status: 500, json: { code: 'table_mismatch', detail } });
  await expect(sweepOnce()).resolves.toBeUndefined();

  await expire(true);
  expect(await call(health)).toMatchObject({ status: 200, json: { status: 'ok' } });
});

it('the sweeper names a table it cannot rely on, and repairs nothing', async () => {
  vi.resetModules();
  await emulators.dynamodb.send(
    new UpdateTableCommand({
      TableName: emulators.table,
      GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: 'open-jobs' } }],
    }),
  );
  const { handler } = await import('#functions/sweep-tasks/handler.ts');
  await expect((handler as unknown as typeof sweep)(EVENT, {})).rejects.toMatchObject({
    code: 'table_mismatch',
    message: 'the table scanfleet-test is not the one this scanfleet needs: the index open-jobs is missing',
  });
});
