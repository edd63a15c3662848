/** The worker's loop: as many tasks at once as there are slots, one long poll at a time, an end when there is nothing to do. */
import type { Limits } from '#shared/limits.ts';
import { slotsOf } from '#shared/scanner/definition.ts';
import type { ReceivedMessage } from '#shared/task/queue.ts';
import type { WorkerDeps } from './deps.ts';

/** The longest wait and the largest batch SQS allows (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html). */
const LONGEST_POLL_SECONDS = 20;
const MAX_BATCH = 10;
/** From one poll that brought nothing to the next, however fast it came back. */
const SHORTEST_POLL_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

export interface LoopDeps extends Pick<WorkerDeps, 'queue' | 'size' | 'clock' | 'random' | 'log'> {
  readonly limits: Pick<Limits, 'workerSlots' | 'idleExitSeconds'>;
  /** Works on one message to its end. */
  readonly run: (message: ReceivedMessage) => Promise<void>;
}

/** Works until nothing came for `idleExitSeconds`, or until `shutdown` is aborted and the work in hand has ended. Never rejects. */
export async function workLoop(deps: LoopDeps, shutdown: AbortSignal): Promise<'idle' | 'shutdown'> {
  const { clock, limits, log, run } = deps;
  const slots = slotsOf(deps.size, limits);
  const poll = poller(deps, shutdown);
  const inHand = new Set<Promise<void>>();
  let busyAtMs = clock.monotonicMs();
  const take = (message: ReceivedMessage) => {
    const work = run(message)
      .catch((error: unknown) => log.error('message left in the queue', { error }))
      .finally(() => {
        inHand.delete(work);
        busyAtMs = clock.monotonicMs();
      });
    inHand.add(work);
  };
  while (!shutdown.aborted) {
    const freeSlots = slots - inHand.size;
    if (freeSlots <= 0) {
      await Promise.race(inHand);
      continue;
    }
    const idleForSeconds = inHand.size > 0 ? 0 : (clock.monotonicMs() - busyAtMs) / 1_000;
    if (idleForSeconds >= limits.idleExitSeconds) return 'idle';
    for (const message of await poll(freeSlots, limits.idleExitSeconds - idleForSeconds)) take(message);
  }
  await Promise.all(inHand);
  return 'shutdown';
}

/** Receives up to `max` messages, waiting for `waitSeconds` at most. A failure brings nothing, after a pause that doubles with full jitter. */
function poller({ queue, size, clock, random, log }: LoopDeps, shutdown: AbortSignal) {
  let pauseMs = SHORTEST_POLL_MS;
  return async (max: number, waitSeconds: number): Promise<readonly ReceivedMessage[]> => {
    const startedAtMs = clock.monotonicMs();
    try {
      const messages = await queue.receive(size, {
        max: Math.min(max, MAX_BATCH),
        waitSeconds: Math.min(Math.ceil(waitSeconds), LONGEST_POLL_SECONDS),
        signal: shutdown,
      });
      pauseMs = SHORTEST_POLL_MS;
      if (messages.length === 0)
        await clock.sleep(Math.max(0, startedAtMs + SHORTEST_POLL_MS - clock.monotonicMs()), shutdown);
      return messages;
    } catch (error) {
      log.error('queue does not answer', { error });
      await clock.sleep(random() * pauseMs, shutdown);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      return [];
    }
  };
}
