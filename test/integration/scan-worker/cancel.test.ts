/** A cancel in every phase of a task, with a real worker and a real process for a scanner. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WorkerDeps } from '#containers/scan-worker/deps.ts';
import type { Scanner } from '#containers/scan-worker/scanner.ts';
import type { ClaimedTask } from '#shared/job/store.ts';
import { isTerminal } from '#shared/status.ts';
import { fakeScanner } from '#test/support/fake-scanner.ts';
import { type Fleet, startFleet } from '#test/support/fleet.ts';
import { stillRunning } from '#test/support/processes.ts';
import { stubScanner } from '#test/support/stub-scanner.ts';

let fleet: Fleet;
beforeEach(async () => {
  fleet = await startFleet();
});
afterEach(() => fleet.close());

const OUTPUT = 'host 127.0.0.1 reached\nport 127.0.0.1 22\n';
const file = (name: string) => join(fleet.directory, name);
/** The processes that were started as scanners. */
const scans = () =>
  existsSync(file('scans')) ? readFileSync(file('scans'), 'utf8').trim().split('\n').map(Number) : [];
const scanner = (...steps: string[]): Scanner =>
  stubScanner({ command: () => fakeScanner('count', file('scans'), 'print', OUTPUT, ...steps) });

/** Where a cancel meets a task: what the worker is given so that `cancel` comes just then. */
interface Phase {
  readonly scanner?: (cancel: () => Promise<void>) => Scanner;
  readonly deps?: (cancel: () => Promise<void>) => Partial<WorkerDeps>;
  /** What comes of the job. A scan that has ended by itself is kept as the whole result it is. */
  readonly leaves: keyof typeof LEAVES;
}

const LEAVES = {
  nothing: { runs: 0, ended: { cancelled: 1 }, findings: 0, partialFindings: 0 },
  /** A process that has hardly begun may have printed something. */
  'nothing that counts': { runs: undefined, ended: { cancelled: 1 }, findings: 0 },
  'a partial result': { runs: 1, ended: { cancelled: 1 }, findings: 0, partialFindings: 1 },
  'a whole result': { runs: 1, ended: { completed: 1, cancelled: 0 }, findings: 1, partialFindings: 0 },
} as const;

const PHASES: Readonly<Record<string, Phase>> = {
  'between the claim and the first look at the job': {
    deps: (cancel) => ({
      jobs: {
        ...fleet.jobs,
        async claim(...args) {
          const claimed = await fleet.jobs.claim(...args);
          await cancel();
          return claimed;
        },
      },
    }),
    leaves: 'nothing',
  },
  'while hosts are locked': {
    deps: (cancel) => ({
      jobs: {
        ...fleet.jobs,
        async lockHosts(...args) {
          await cancel();
          await delay(500); // Five looks at the job.
          return fleet.jobs.lockHosts(...args);
        },
      },
    }),
    leaves: 'nothing',
  },
  'while the scanner starts': {
    scanner: (cancel) =>
      stubScanner({
        command() {
          void cancel();
          return fakeScanner('count', file('scans'), 'print', OUTPUT, 'sleep');
        },
      }),
    leaves: 'nothing that counts',
  },
  'while the scanner runs, deaf to SIGTERM, with children of its own': {
    scanner: (cancel) => {
      const whole = scanner('deaf', 'fork', 'sleep');
      return { ...whole, progress: (run) => ({ ...whole.progress(run), write: () => void cancel() }) };
    },
    leaves: 'a partial result',
  },
  'while the last of the output is parsed': {
    scanner: (cancel) => {
      const whole = scanner();
      return {
        ...whole,
        parser(...args) {
          const parser = whole.parser(...args);
          const end = () => {
            void cancel();
            return parser.end();
          };
          return { ...parser, end };
        },
      };
    },
    deps: () => ({ results: { ...fleet.results, write: slowWrite } }),
    leaves: 'a whole result',
  },
  'while results are uploaded': {
    deps: (cancel) => ({
      results: {
        ...fleet.results,
        async write(...args) {
          await cancel();
          return fleet.results.write(...args);
        },
      },
    }),
    leaves: 'a whole result',
  },
  'just before the last task ends': {
    deps: (cancel) => ({
      jobs: {
        ...fleet.jobs,
        async finish(...args) {
          await cancel();
          return fleet.jobs.finish(...args);
        },
      },
    }),
    leaves: 'a whole result',
  },
};

const slowWrite: WorkerDeps['results']['write'] = async (...args) => {
  await delay(300);
  return fleet.results.write(...args);
};

describe('a cancel', () => {
  it.each(Object.entries(PHASES))('%s stops what it meets, for good', async (_phase, phase) => {
    const { jobId } = await fleet.submit(['127.0.0.1']);
    const cancel = async () => void (await fleet.jobs.cancel(jobId, 'tester'));
    const deps = phase.deps?.(cancel) ?? {};
    let held: ClaimedTask['held'] | undefined;
    const claim: WorkerDeps['jobs']['claim'] = async (...args) => {
      const claimed = await (deps.jobs ?? fleet.jobs).claim(...args);
      held ??= claimed?.held;
      return claimed;
    };
    fleet.work(phase.scanner?.(cancel) ?? scanner(), { ...deps, jobs: { ...(deps.jobs ?? fleet.jobs), claim } });

    const job = await fleet.ended(jobId);
    const { runs, ...left } = LEAVES[phase.leaves];
    const asked = { cancelRequestedBy: 'tester', cancelRequestedAt: expect.any(String) };
    expect(job).toMatchObject({ status: 'cancelled', ...left, ...asked });
    if (runs !== undefined) expect(scans()).toHaveLength(runs);
    expect(await stillRunning(scans())).toEqual([]);
    const [task] = await fleet.jobs.readTasks(jobId);
    expect(task).toMatchObject({ status: phase.leaves === 'a whole result' ? 'completed' : 'cancelled', attempt: 1 });

    // Nothing moves it any more: neither its holder, nor another cancel, nor the sweeper.
    if (held === undefined) throw new Error('the task was never claimed');
    expect(await fleet.jobs.heartbeat(held)).toBeUndefined();
    expect(await fleet.jobs.putBack(held, 'shutdown', 0)).not.toBe('queued');
    expect(await fleet.jobs.cancel(jobId, 'somebody else')).toMatchObject({ status: 'cancelled', ...asked });
    await fleet.jobs.sweepJob(jobId);
    expect((await fleet.jobs.readTasks(jobId))[0]).toEqual(task);
  });

  it('of a queued job ends it at once, and it never runs', async () => {
    const { jobId } = await fleet.submit(['127.0.0.1', '127.0.0.2']);
    expect(await fleet.jobs.cancel(jobId, 'tester')).toMatchObject({
      status: 'cancelled',
      ended: { cancelled: 1 },
    });
    const other = await fleet.submit(['127.0.0.3']);
    fleet.work(scanner());
    await fleet.ended(other.jobId);
    expect(scans()).toHaveLength(1);
    expect(
      (await fleet.jobs.readTasks(jobId)).every(({ status, attempt }) => isTerminal(status) && attempt === 0),
    ).toBe(true);
  });

  it('that comes when the last task has ended still counts, and no finding is lost', async () => {
    const { jobId } = await fleet.submit(['127.0.0.1']);
    const finalise: WorkerDeps['jobs']['finalise'] = async (job, by) => {
      await fleet.jobs.cancel(jobId, 'tester');
      return fleet.jobs.finalise(job, by);
    };
    fleet.work(scanner(), { jobs: { ...fleet.jobs, finalise } });
    const job = await fleet.sweepUntilEnded(jobId);
    expect(job).toMatchObject({ status: 'cancelled', ended: { completed: 1 }, findings: 1 });
  });

  it('of a job that has ended otherwise is refused', async () => {
    const { jobId } = await fleet.submit(['127.0.0.1']);
    fleet.work(scanner());
    const before = await fleet.ended(jobId);
    await expect(fleet.jobs.cancel(jobId, 'tester')).rejects.toMatchObject({ code: 'job_state' });
    expect(await fleet.jobs.readJob(jobId)).toMatchObject({ status: before.status, ended: before.ended });
  });
});
