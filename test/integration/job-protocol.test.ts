/**
 * The lease protocol as a whole: whatever callers, workers and the sweeper do, in whatever order, with whatever call refused, unanswered,
 * landing late or being its caller's last, the records stay right and come to rest. A failure prints the shortest story that leads to it.
 */
import { it } from 'vitest';
import { playStories } from '#test/support/job-stories.ts';

/** More find more: `SCANFLEET_MODEL_RUNS=50000 npx vitest run test/integration/job-protocol.test.ts` after a change of the protocol. */
const RUNS = Number(process.env.SCANFLEET_MODEL_RUNS ?? 2_000);
/** Many times what a run takes on a busy machine. */
const MAX_RUN_MS = 1_000;

/** Stories from a large job on have more to tell, and take as much longer. */
const SHARES = [
  ['small', 0.7],
  ['large', 0.3],
] as const;

// Side by side, each on an emulator of its own, so that one story goes on while the other waits for an answer.
it.concurrent.each(SHARES)(
  'keeps its records right in every order of events from a %s job on, and comes to rest',
  (first, share) => playStories(first, Math.ceil(RUNS * share)),
  RUNS * MAX_RUN_MS,
);
