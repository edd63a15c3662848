/**
 * The lease protocol as a whole: whatever callers, workers and the sweeper do, in whatever order, with whatever call refused, unanswered,
 * landing late or being its caller's last, the records stay right and come to rest. A failure prints the shortest story that leads to it.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Seen, wrongAtRest, wrongNow } from '#test/support/job-invariants.ts';
import { type Command, JobWorld, type Mishap, type Step } from '#test/support/job-world.ts';
import { type StoreUnderTest, startStore } from '#test/support/store-under-test.ts';

const RUNS = Number(process.env.SCANFLEET_MODEL_RUNS ?? 150);

let under: StoreUnderTest;
beforeAll(async () => {
  under = await startStore();
});
afterAll(() => under.close());

const which = fc.nat({ max: 4 });
/** Small jobs mostly, so that whole lives fit into a story. */
const tasks = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 3 }) },
  { weight: 2, arbitrary: fc.integer({ min: 4, max: 9 }) },
);
const submit = fc.record({
  do: fc.constant('submit' as const),
  tenant: fc.constantFrom(0, 0, 0, 1),
  tasks,
  key: fc.constantFrom(0, 0, 1, 2),
  deadlineSeconds: fc.constantFrom(200, 3_000),
  priority: fc.nat({ max: 2 }),
});
const work = fc.record({ do: fc.constant('work' as const), message: which, host: fc.nat({ max: 2 }) });
const rush = fc.record({
  do: fc.constant('rush' as const),
  how: fc.constantFrom('complete', 'fail', 'fail', 'transient'),
});
const end = fc.record({
  do: fc.constant('end' as const),
  holder: which,
  how: fc.constantFrom('complete', 'complete', 'fail', 'transient', 'shutdown'),
});
const holder = fc.record({ do: fc.constantFrom('beat' as const, 'beat' as const, 'die' as const), holder: which });
const message = fc.record({
  do: fc.constantFrom('drop' as const, 'repeat' as const, 'repeat' as const),
  message: which,
});
const ask = fc.record({
  do: fc.constantFrom('cancel' as const, 'retry' as const, 'retry' as const, 'retry' as const, 'delete' as const),
  job: which,
});
const sweep = fc.record({ do: fc.constantFrom('sweep' as const, 'perish' as const) });
const pass = fc.record({ do: fc.constant('pass' as const), seconds: fc.constantFrom(1, 20, 61, 61, 150, 1_000) });

const chosen = (weights: readonly (readonly [number, fc.Arbitrary<Command>])[]): fc.Arbitrary<Command> =>
  fc.oneof(...weights.map(([weight, arbitrary]) => ({ weight, arbitrary })));
const command = chosen([
  [3, submit],
  [6, work],
  [4, rush],
  [2, holder],
  [6, end],
  [2, message],
  [5, ask],
  [4, sweep],
  [3, pass],
]);
/** What others do in the middle of somebody's call. */
const meanwhile = chosen([
  [3, work],
  [4, rush],
  [1, holder],
  [4, end],
  [8, ask],
  [4, sweep],
  [2, pass],
]);
const mishap: fc.Arbitrary<Mishap> = fc.record({
  at: fc.constantFrom(0, 0, 0, 1, 1, 2, 3),
  what: fc.oneof(
    fc.constantFrom(
      'throttle',
      'conflict',
      'silence',
      'lost_answer',
      'remembered',
      'lands_late',
      'dies_before',
      'dies_after',
    ),
    fc.record({ meanwhile }),
  ),
});
const step: fc.Arbitrary<Step> = fc.record({
  command,
  mishaps: fc.oneof(fc.constant([]), fc.array(mishap, { minLength: 1, maxLength: 2 })),
});

it(
  'keeps its records right in every order of events, and comes to rest',
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40, size: 'max' }), async (steps) => {
        const world = new JobWorld(under);
        const seen: Seen = new Map();
        for (const each of steps) {
          await world.run(each);
          expect(await wrongNow(under, world, seen)).toEqual([]);
        }
        await world.calmDown();
        expect(await wrongNow(under, world, seen)).toEqual([]);
        expect(await wrongAtRest(under, world)).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  },
  RUNS * 2_000,
);
