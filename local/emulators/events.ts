/** EventBridge on this machine: PutEvents, each event handed to one callback. */
import { randomUUID } from 'node:crypto';
import type { EventBridgeEvent } from 'aws-lambda';
import * as z from 'zod';
import { LOCAL_ACCOUNT } from '../keys.ts';
import { type AwsJsonOptions, operation, startAwsJson } from './aws-json.ts';
import type { Emulator } from './emulator.ts';

export interface EventsOptions extends Pick<AwsJsonOptions, 'region' | 'identities' | 'now' | 'onFault'> {
  /** The one bus there is. */
  readonly bus: string;
  /** As a rule on the bus would hand it to its target. */
  readonly deliver: (event: EventBridgeEvent<string, unknown>) => void;
}

const Entry = z.object({
  EventBusName: z.string().optional(),
  Source: z.string().default(''),
  DetailType: z.string().default(''),
  Detail: z.string().default(''),
  Time: z.number().optional().describe('Seconds since 1970'),
  Resources: z.array(z.string()).default([]),
});
const PutEvents = z.object({ Entries: z.array(Entry).min(1).max(10) });

export function startEvents(options: EventsOptions): Promise<Emulator> {
  const put = async (entry: z.output<typeof Entry>) => {
    const detail = readDetail(entry.Detail);
    if (!entry.Source || !entry.DetailType)
      return { ErrorCode: 'InvalidArgument', ErrorMessage: 'Source and DetailType are needed.' };
    if (detail === undefined) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is not a JSON object.' };
    const event = eventOf(options, entry, detail);
    // As in AWS, an event for a bus that does not exist is accepted and goes nowhere.
    if (entry.EventBusName === options.bus) options.deliver(event);
    return { EventId: event.id };
  };
  return startAwsJson({
    ...options,
    service: 'events',
    target: 'AWSEvents',
    operations: {
      PutEvents: operation('ValidationException', PutEvents, async (input) => {
        const Entries = await Promise.all(input.Entries.map(put));
        return { Entries, FailedEntryCount: Entries.filter((entry) => 'ErrorCode' in entry).length };
      }),
    },
  });
}

function readDetail(text: string): object | undefined {
  try {
    const detail: unknown = JSON.parse(text);
    return typeof detail === 'object' && detail !== null && !Array.isArray(detail) ? detail : undefined;
  } catch {
    return undefined;
  }
}

/** https://docs.aws.amazon.com/eventbridge/latest/ref/events-structure.html */
const eventOf = (
  { region, now }: EventsOptions,
  { Source, DetailType, Time, Resources }: z.output<typeof Entry>,
  detail: object,
): EventBridgeEvent<string, unknown> => ({
  version: '0',
  id: randomUUID(),
  'detail-type': DetailType,
  source: Source,
  account: LOCAL_ACCOUNT,
  time: new Date(Time === undefined ? now() : Time * 1000).toISOString(),
  region,
  resources: Resources,
  detail,
});
