import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { EventBridgeEvent } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Emulator } from '#local/emulators/emulator.ts';
import { startEvents } from '#local/emulators/events.ts';
import { eventBridgeEvents } from '#shared/aws/events.ts';
import { UnavailableError } from '#shared/errors.ts';
import { TEST_CREDENTIALS, TEST_REGION } from '#test/support/emulators.ts';

const SUBMITTED = { jobId: 'j', tenant: 'acme', traceId: 't', workerSizes: ['small' as const] };

let bus: Emulator;
let client: EventBridgeClient;
let delivered: EventBridgeEvent<string, unknown>[];
let faults: unknown[];

beforeEach(async () => {
  delivered = [];
  faults = [];
  bus = await startEvents({
    region: TEST_REGION,
    identities: new Map([[TEST_CREDENTIALS.accessKeyId, TEST_CREDENTIALS]]),
    now: () => new Date(),
    onFault: (error) => faults.push(error),
    bus: 'scanfleet',
    deliver: (event) => void delivered.push(event),
  });
  client = new EventBridgeClient({ endpoint: bus.endpoint, region: TEST_REGION, credentials: TEST_CREDENTIALS });
});
afterEach(async () => {
  client.destroy();
  await bus.close();
  expect(faults).toEqual([]);
});

it('delivers each kind of event once, under its name and source', async () => {
  const events = eventBridgeEvents(client, 'scanfleet');
  const finished = { jobId: 'j', tenant: 'acme', traceId: 't', status: 'completed' as const, round: 1 };
  const requested = {
    ...{ jobId: 'j', tenant: 'acme', round: 1, format: 'json' as const },
    ...{ profile: 'full' as const, severity: 'info' as const },
  };
  const denied = {
    ...{ by: 'submit' as const, at: '2026-01-31T12:00:00.000Z', tenant: 'acme', principal: 'acme/a', traceId: 't' },
    ...{ count: 1, targets: [{ target: '127.0.0.1', code: 'special_range' as const, reason: 'loopback' }] },
  };
  await events.jobSubmitted(SUBMITTED);
  await events.jobFinished(finished);
  await events.reportRequested(requested);
  await events.targetsDenied(denied);
  expect(delivered.map((event) => [event.source, event['detail-type'], event.detail])).toEqual([
    ['scanfleet', 'JobSubmitted', SUBMITTED],
    ['scanfleet', 'JobFinished', finished],
    ['scanfleet', 'ReportRequested', requested],
    ['scanfleet', 'TargetsDenied', denied],
  ]);
  expect(delivered[0]).toMatchObject({ version: '0', region: 'eu-central-1', account: '000000000000', resources: [] });
});

it('an event for another bus goes nowhere', async () => {
  await eventBridgeEvents(client, 'other').jobSubmitted(SUBMITTED);
  expect(delivered).toEqual([]);
});

it('says of each entry whether it was taken', async () => {
  const entry = { EventBusName: 'scanfleet', Source: 'scanfleet', DetailType: 'JobSubmitted', Detail: '{}' };
  const Entries = [entry, { ...entry, Detail: '[1]' }, { ...entry, Detail: '{' }, { ...entry, Source: '' }];
  const answer = await client.send(new PutEventsCommand({ Entries }));
  expect(answer.FailedEntryCount).toBe(3);
  expect(answer.Entries?.map(({ ErrorCode }) => ErrorCode)).toEqual([
    undefined,
    'MalformedDetail',
    'MalformedDetail',
    'InvalidArgument',
  ]);
  expect(delivered).toHaveLength(1);
});

it('refuses what is wrongly signed or too much at once', async () => {
  const Entries = Array.from({ length: 11 }, () => ({ Source: 's', DetailType: 't', Detail: '{}' }));
  await expect(client.send(new PutEventsCommand({ Entries }))).rejects.toMatchObject({ name: 'ValidationException' });
  const credentials = { ...TEST_CREDENTIALS, accessKeyId: 'OTHER' };
  const other = new EventBridgeClient({ endpoint: bus.endpoint, region: TEST_REGION, credentials });
  await expect(eventBridgeEvents(other, 'scanfleet').jobSubmitted(SUBMITTED)).rejects.toMatchObject({
    name: 'UnrecognizedClientException',
  });
  other.destroy();
});

it('an entry that the bus did not take may be sent again', async () => {
  mockClient(client)
    .on(PutEventsCommand)
    .resolvesOnce({ FailedEntryCount: 1, Entries: [{ ErrorCode: 'InternalFailure', ErrorMessage: 'oops' }] })
    .rejectsOnce(Object.assign(new Error('oops'), { name: 'InternalException', $metadata: { httpStatusCode: 500 } }));
  const events = eventBridgeEvents(client, 'scanfleet');
  await expect(events.jobSubmitted(SUBMITTED)).rejects.toThrow(UnavailableError);
  await expect(events.jobSubmitted(SUBMITTED)).rejects.toThrow(UnavailableError);
});
