/**
 * The trace that each denial leaves for whoever must answer for what was asked to be scanned: a line of the log, which is the record and
 * is kept as long as the log; a count; and an event on the bus, for whoever wants to be told, or to keep it elsewhere.
 */
import type { DenialCode } from './policy.ts';

/** How many targets one record names: an event may hold 256 KB (EventBridge user guide, "Amazon EventBridge quotas"), a target 2 KB. */
export const DENIALS_NAMED = 20;

export interface DeniedTarget {
  /** Canonical. */
  readonly target: string;
  /** What the name of the target led to, where that was denied. */
  readonly address?: string;
  readonly code: DenialCode;
  readonly reason: string;
}

/** Who asked, and who refused. */
export interface DenialFacts {
  /** submit: the request was refused · worker: the target was left out of its task, just before the run. */
  readonly by: 'submit' | 'worker';
  readonly at: string;
  readonly tenant: string;
  readonly principal: string;
  readonly sessionId?: string | undefined;
  /** Of the request, which its job has too. */
  readonly traceId: string;
  /** Where there is a job already. */
  readonly jobId?: string;
  readonly taskId?: string;
}

/** The detail of the event, and the fields of the line. */
export interface Denials extends DenialFacts {
  readonly count: number;
  /** The first of them. */
  readonly targets: readonly DeniedTarget[];
}

interface Deps {
  /** The event bus. */
  readonly events: { targetsDenied(denials: Denials): Promise<void> };
  readonly log: Record<'info' | 'warn', (message: string, fields: Record<string, unknown>) => void>;
  readonly record: (amounts: { targetsDenied: number }, dimensions: Record<string, never>) => void;
}

/** Leaves the trace, if anything was denied. Never rejects: line and count stand, whatever becomes of the event. */
export async function reportDenials(
  { events, log, record }: Deps,
  facts: DenialFacts,
  denied: readonly DeniedTarget[],
): Promise<void> {
  if (denied.length === 0) return;
  const denials: Denials = { ...facts, count: denied.length, targets: denied.slice(0, DENIALS_NAMED) };
  log.info('targets denied', { ...denials });
  record({ targetsDenied: denied.length }, {});
  await events.targetsDenied(denials).catch((error: unknown) => {
    log.warn('a denial was not announced', { traceId: facts.traceId, error });
  });
}
