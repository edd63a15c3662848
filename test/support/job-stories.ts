/**
 * The stories of the model-based test: what may happen around a job, in which order, and what goes wrong meanwhile; and what is looked at
 * after each step. A failure prints the shortest story that leads to it.
 */
import fc from 'fast-check';
import { expect } from 'vitest';
import { type Seen, wrongAtRest, wrongNow } from './job-invariants.ts';
import { type Command, JobWorld, LARGEST_SMALL_JOB, type Mishap, type Step } from './job-world.ts';
import { startStore } from './store-under-test.ts';

const which = fc.nat({ max: 4 });
const SMALL = fc.integer({ min: 1, max: LARGEST_SMALL_JOB });
const LARGE = fc.oneof(
  { weight: 2, arbitrary: fc.integer({ min: LARGEST_SMALL_JOB + 1, max: 6 }) },
  { weight: 1, arbitrary: fc.integer({ min: 7, max: 9 }) },
);
const submitOf = (tasks: fc.Arbitrary<number>) =>
  fc.record({
    do: fc.constant('submit' as const),
    tenant: fc.constantFrom(0, 0, 0, 1),
    tasks,
    key: fc.constantFrom(0, 0, 1, 2),
    deadlineSeconds: fc.constantFrom(200, 3_000),
    priority: fc.nat({ max: 2 }),
  });
/** Small ones mostly, so that whole lives fit into a story. */
const submit = submitOf(fc.oneof({ weight: 2, arbitrary: SMALL }, { weight: 1, arbitrary: LARGE }));
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
  do: fc.constantFrom(
    'cancel' as const,
    'retry' as const,
    'retry' as const,
    'retry' as const,
    'raise' as const,
    'raise' as const,
    'delete' as const,
  ),
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

const MAX_STEPS = 12;

/** From the first job on, since without one there is nothing to do. */
const storyOf = (tasks: fc.Arbitrary<number>): fc.Arbitrary<Step[]> =>
  fc
    .tuple(submitOf(tasks), fc.array(step, { maxLength: MAX_STEPS, size: 'max' }))
    .map(([command, steps]) => [{ command, mishaps: [] }, ...steps]);

/** Plays stories whose first job is small: submitted in one transaction; or large: its tasks are written before it. */
export async function playStories(first: 'small' | 'large', numRuns: number): Promise<void> {
  const under = await startStore();
  const play = async (steps: readonly Step[]) => {
    const world = new JobWorld(under);
    const seen: Seen = new Map();
    for (const each of steps) {
      await world.run(each);
      expect(await wrongNow(world, seen)).toEqual([]);
    }
    await world.calmDown();
    expect(await wrongNow(world, seen)).toEqual([]);
    expect(await wrongAtRest(under, world)).toEqual([]);
  };
  try {
    const stories = storyOf(first === 'small' ? SMALL : LARGE);
    await fc.assert(fc.asyncProperty(stories, play), { numRuns });
  } finally {
    await under.close();
  }
}
