/** The event bus on EventBridge. */
import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { UnavailableError } from '../errors.ts';
import type { Events } from '../events.ts';
import { EVENT_SOURCE, type EventType } from '../names.ts';
import { unavailable } from './failure.ts';

const UNAVAILABLE = 'event_bus_unavailable';

export function eventBridgeEvents(client: EventBridgeClient, bus: string): Events {
  async function put(type: EventType, detail: object): Promise<void> {
    const entry = { EventBusName: bus, Source: EVENT_SOURCE, DetailType: type, Detail: JSON.stringify(detail) };
    const { Entries: [answer] = [] } = await client
      .send(new PutEventsCommand({ Entries: [entry] }))
      .catch(unavailable(UNAVAILABLE, `sending ${type}`));
    if (answer?.EventId === undefined)
      throw new UnavailableError(
        UNAVAILABLE,
        `sending ${type}: ${answer?.ErrorCode ?? 'no answer'} ${answer?.ErrorMessage ?? ''}`,
      );
  }

  return {
    jobSubmitted: (detail) => put('JobSubmitted', detail),
    jobFinished: (detail) => put('JobFinished', detail),
    reportRequested: (detail) => put('ReportRequested', detail),
    targetsDenied: (detail) => put('TargetsDenied', detail),
  };
}
