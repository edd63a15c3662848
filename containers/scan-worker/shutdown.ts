/** Ending on a signal: gracefully on the first, at once on the second or when the time for it is over. */
import type { Limits } from '#shared/limits.ts';
import type { Log } from './log.ts';

/** What sends signals and can be ended: `process`. */
export interface Signalled {
  on(signal: NodeJS.Signals, act: (signal: NodeJS.Signals) => void): unknown;
  exit(code: number): void;
}

/** ECS sends SIGTERM, and SIGKILL after the container's stopTimeout (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html#container_definition_timeout). */
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
const TOO_LATE = 1;

/** Aborted by the first signal. An exit ends every scanner: process-group.ts. */
export function shutdownSignal(
  of: Signalled,
  { shutdownSeconds }: Pick<Limits, 'shutdownSeconds'>,
  log: Log,
): AbortSignal {
  const controller = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => {
    log.info('ending', { signal });
    if (controller.signal.aborted) return of.exit(TOO_LATE);
    controller.abort();
    setTimeout(() => {
      log.error('tasks in hand could not be given back in time', { shutdownSeconds });
      of.exit(TOO_LATE);
    }, shutdownSeconds * 1_000).unref();
  };
  for (const signal of SIGNALS) of.on(signal, onSignal);
  return controller.signal;
}
