/**
 * The faults of the local service, all in one place: `scanfleet local --faults`. They begin when the service is ready, and each is logged.
 * A service without faults loads nothing of it but the reading of the option.
 */
import { SQSClient } from '@aws-sdk/client-sqs';
import { logger } from '#shared/observability/logger.ts';
import type { BusEvent } from '../background.ts';
import type { WorkerFaults } from '../emulators/ecs/fleet.ts';
import type { Emulator } from '../emulators/emulator.ts';
import { type Luck, seededLuck } from './luck.ts';
import { messageFaults } from './messages.ts';
import type { FaultName, FaultPlan, ProxiedService } from './plan.ts';
import { startFaultProxy } from './proxy.ts';
import { workerFaults } from './workers.ts';

export interface Faults {
  /** A faulty way to the service at `endpoint`. */
  inFrontOf(service: ProxiedService, endpoint: string): Promise<Emulator>;
  /** The same bus, of which events are lost, come again, or come late and so in another order. */
  onBus(deliver: (event: BusEvent) => void): (event: BusEvent) => void;
  readonly workers: WorkerFaults;
  /** From now on they happen. `restart` restarts the gateway. */
  begin(restart: () => Promise<void>): void;
  /** From now on none happens any more. */
  end(): void;
}

/** How often workers and gateway are given their chance. */
const STRIKE_MS = 1_000;
const MAX_EVENT_DELAY_MS = 10_000;

export interface FaultDeps {
  readonly leaseSeconds: number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** A worker pauses for up to two leases: long enough to lose its own to another, and then to wake up. */
export function faultKit(plan: FaultPlan, { leaseSeconds, sleep }: FaultDeps): Faults {
  const ending = new AbortController();
  const { signal } = ending;
  let isOn = false;
  const tell = (fault: FaultName, at: string) => logger.warn('fault', { fault, at });
  const luck = seededLuck(plan, () => isOn, tell);
  const workers = workerFaults(luck, { sleep, pauseMs: 2_000 * leaseSeconds, ending: signal });
  return {
    workers,
    inFrontOf: (service, endpoint) => proxy(service, endpoint, luck),
    onBus: (deliver) => faultyBus(luck, deliver, (ms) => sleep(ms, signal)),
    begin(restart) {
      isOn = true;
      const strikes = setInterval(() => {
        workers.strike();
        if (luck.happens('gateway.restart', 'gateway')) void restart();
      }, STRIKE_MS);
      signal.addEventListener('abort', () => clearInterval(strikes));
    },
    end() {
      isOn = false;
      ending.abort();
    },
  };
}

async function proxy(service: ProxiedService, endpoint: string, luck: Luck): Promise<Emulator> {
  if (service !== 'sqs') return startFaultProxy({ service, endpoint, luck });
  const sqs = new SQSClient({ endpoint, useQueueUrlAsEndpoint: false });
  const alter = { ReceiveMessage: messageFaults(sqs, luck) };
  const started = await startFaultProxy({ service, endpoint, luck, alter });
  return {
    endpoint: started.endpoint,
    async close() {
      await started.close();
      sqs.destroy();
    },
  };
}

/** `sleep` rejects when the service ends: what is late then never comes. */
function faultyBus(
  luck: Luck,
  deliver: (event: BusEvent) => void,
  sleep: (ms: number) => Promise<void>,
): (event: BusEvent) => void {
  const deliverOnce = (event: BusEvent, at: string) => {
    if (!luck.happens('events.delay', at)) deliver(event);
    else
      void sleep(luck.upTo(MAX_EVENT_DELAY_MS, at)).then(
        () => deliver(event),
        () => undefined,
      );
  };
  return (event) => {
    const at = event['detail-type'];
    if (luck.happens('events.drop', at)) return;
    deliverOnce(event, at);
    if (luck.happens('events.repeat', at)) deliverOnce(event, at);
  };
}
