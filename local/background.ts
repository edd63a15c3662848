/**
 * The functions nobody waits for: started by the two schedules and by the events on the bus, tried again when they fail, as EventBridge
 * and Lambda do.
 */
import { randomUUID } from 'node:crypto';
import type { EventBridgeEvent } from 'aws-lambda';
import { ECS_EVENT, type EventType } from '#shared/names.ts';
import { type FunctionHandler, type Functions, invoke } from './gateway/invocation.ts';
import { LOCAL_ACCOUNT } from './keys.ts';
import { repeating } from './repeat.ts';

export type BusEvent = EventBridgeEvent<string, unknown>;

export interface BackgroundDeps {
  readonly functions: Functions;
  readonly now: () => Date;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Told of every try that failed. */
  readonly onFault: (fault: { readonly function: string; readonly attempt: number; readonly error: unknown }) => void;
}

export interface Background {
  /** Starts what an event starts. */
  deliver(event: BusEvent): void;
  /** Starts nothing more; resolves when what runs has ended, or has been given up. */
  close(): Promise<void>;
}

/** Functions started by a schedule or an event, besides those of the routes. */
export const BACKGROUND_FUNCTIONS = [
  'dispatch-workers',
  'record-stopped-worker',
  'sweep-tasks',
  'build-report',
  'start-follow-ups',
  'sign-evidence',
] as const;
type BackgroundFunction = (typeof BACKGROUND_FUNCTIONS)[number];

const STARTED_BY = new Map<string, readonly BackgroundFunction[]>([
  ['JobSubmitted', ['dispatch-workers']],
  ['JobFinished', ['start-follow-ups', 'sign-evidence']],
  ['ReportRequested', ['build-report']],
  [ECS_EVENT.type, ['record-stopped-worker', 'dispatch-workers']],
] satisfies [EventType | typeof ECS_EVENT.type, BackgroundFunction[]][]);

/** As in AWS, where it cannot be more often. */
const DISPATCH_MS = 60_000;
const DISPATCH_PAUSE_MS = 500;

/** `sweepMs`: from one sweep to the next; the first is at once, for what an earlier run of the service left open. */
export function startBackground(deps: BackgroundDeps, { sweepMs }: { readonly sweepMs: number }): Background {
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  const run = (name: BackgroundFunction, event: BusEvent): Promise<void> => {
    const ended = invokeAsync(deps, name, event, stopping.signal).finally(() => running.delete(ended));
    running.add(ended);
    return ended;
  };
  const scheduled = (name: BackgroundFunction) => () => scheduledEvent(name, deps.now());
  // It looks at the queues, not at the event: for many submits one run is enough.
  const minutely = { intervalMs: DISPATCH_MS, scheduled: scheduled('dispatch-workers'), pauseMs: DISPATCH_PAUSE_MS };
  const dispatch = repeating(minutely, (event) => run('dispatch-workers', event));
  const sweep = repeating({ intervalMs: sweepMs, scheduled: scheduled('sweep-tasks') }, async (event) => {
    await run('sweep-tasks', event);
    dispatch.request(scheduledEvent('dispatch-workers', deps.now())); // For what the sweep put back on the queues.
  });
  sweep.request(scheduledEvent('sweep-tasks', deps.now()));
  return {
    deliver(event) {
      for (const name of STARTED_BY.get(event['detail-type']) ?? [])
        if (name === 'dispatch-workers') dispatch.request(event);
        else if (!stopping.signal.aborted) run(name, event);
    },
    async close() {
      stopping.abort();
      const ended = new AbortController();
      const last = Promise.all([sweep.stop(), dispatch.stop(), ...running]);
      await Promise.race([last, deps.sleep(LAST_RUNS_MS, ended.signal).catch(() => undefined)]);
      ended.abort();
    },
  };
}

/** A run that is cut off at the end of the service is as one that Lambda cut off: the next sweep, or whoever asks again, makes up for it. */
const LAST_RUNS_MS = 10_000;
/** Lambda's own limit. */
const TIMEOUT_MS = 900_000;
/** Lambda tries an asynchronous invocation three times in all, a minute and two apart (developer guide, "Asynchronous invocation"); seconds serve here. */
const RETRY_AFTER_MS = [1_000, 2_000];

/** Runs a function until it succeeds or has failed three times. Never rejects. */
async function invokeAsync(deps: BackgroundDeps, name: string, event: BusEvent, signal: AbortSignal): Promise<void> {
  const handler = deps.functions.get(name) as FunctionHandler;
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    try {
      await invoke({ name, handler, event, requestId: randomUUID(), timeoutMs: TIMEOUT_MS });
      return;
    } catch (error) {
      deps.onFault({ function: name, attempt, error });
    }
    const waitMs = RETRY_AFTER_MS[attempt - 1];
    if (waitMs === undefined) return;
    await deps.sleep(waitMs, signal).catch(() => undefined);
  }
}

/** https://docs.aws.amazon.com/eventbridge/latest/ref/events-structure.html */
const scheduledEvent = (rule: string, at: Date): BusEvent => ({
  version: '0',
  id: randomUUID(),
  'detail-type': 'Scheduled Event',
  source: 'aws.events',
  account: LOCAL_ACCOUNT,
  time: at.toISOString(),
  region: 'local',
  resources: [`arn:aws:events:local:${LOCAL_ACCOUNT}:rule/${rule}`],
  detail: {},
});
