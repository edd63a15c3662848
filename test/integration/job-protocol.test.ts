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

const which = fc.nat({ max: 6 });
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('submit' as const),
      tenant: fc.nat({ max: 1 }),
      tasks: fc.integer({ min: 1, max: 9 }),
      key: fc.nat({ max: 2 }),
      deadlineSeconds: fc.constantFrom(200, 3_000),
      priority: fc.nat({ max: 2 }),
    }),
  },
  { weight: 9, arbitrary: fc.record({ do: fc.constant('work' as const), message: which, host: fc.nat({ max: 2 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('beat' as const), holder: which }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      holder: which,
      how: fc.constantFrom('complete', 'complete', 'complete', 'fail', 'transient', 'shutdown'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('die' as const), holder: which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('drop' as const, 'repeat' as const), message: which }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('cancel' as const, 'retry' as const, 'retry' as const, 'delete' as const),
      job: which,
    }),
  },
  { weight: 3, arbitrary: fc.constant({ do: 'sweep' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('pass' as const), seconds: fc.constantFrom(1, 20, 61, 150, 1_000) }),
  },
);
const mishap: fc.Arbitrary<Mishap> = fc.record({
  at: fc.nat({ max: 4 }),
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
    fc.record({ meanwhile: command }),
  ),
});
const step: fc.Arbitrary<Step> = fc.record({
  command,
  mishaps: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(mishap, { minLength: 1, maxLength: 2 }) },
  ),
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
