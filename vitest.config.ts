import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Slow suites start processes and servers; they get time, the fast ones must not need it. */
const suite = (name: string, testTimeout: number) => ({
  extends: true as const,
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout, hookTimeout: Math.max(testTimeout, 30_000) },
});

export default defineConfig({
  test: {
    pool: 'forks',
    // Most of the slow suites' time is waiting: two at once also on two cores, where the default is one.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      suite('unit', 10_000),
      suite('architecture', 60_000),
      suite('infra', 120_000),
      suite('contract', 60_000),
      suite('fuzz', 120_000),
      suite('integration', 120_000),
      suite('e2e', 180_000),
      suite('emulator', 180_000),
      suite('image', 180_000),
    ],
  },
});
