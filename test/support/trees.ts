/** First jobs whose findings start others, on a store under test: what a worker leaves behind, and start-follow-ups as its function makes it. */
import { v7 } from 'uuid';
import { type StartFollowUpsDeps, startFollowUps } from '#functions/start-follow-ups/start-follow-ups.ts';
import type { Finding } from '#shared/finding/finding.ts';
import type { FollowUpRule, Tree } from '#shared/follow-up/rule.ts';
import type { Job } from '#shared/job/job.ts';
import type { NewJob } from '#shared/job/store.ts';
import { DEFAULT_LIMITS } from '#shared/limits.ts';
import { readPolicy } from '#shared/target/policy.ts';
import { aFinding, leaveResult } from './job-records.ts';
import { memoryResults } from './memory-results.ts';
import { claimTask, newJob, newTenant, readJob, type StoreUnderTest } from './store-under-test.ts';

/** What nmap says of a port that speaks HTTP. */
export const httpPort = (port: number, host = '203.0.113.7'): Finding =>
  aFinding({ location: { host, port, protocol: 'tcp' }, raw: { service: { name: 'http' } } });

export const GOBUSTER = { name: 'gobuster', options: { mode: 'dir' } } as const;
export const NUCLEI = { name: 'nuclei', options: {} } as const;
export const ON_HTTP: FollowUpRule = {
  when: { scanner: 'nmap', rule: 'open-port', service: 'http' },
  scanners: [GOBUSTER, NUCLEI],
};

type Changes = Partial<NewJob['job']> & { readonly rules?: readonly FollowUpRule[] };

export function trees(under: StoreUnderTest, changes: Partial<StartFollowUpsDeps> = {}) {
  const results = memoryResults();
  const deps: StartFollowUpsDeps = {
    jobs: under.store,
    queue: { send: async () => undefined },
    results,
    events: { jobSubmitted: async () => undefined, targetsDenied: async () => undefined },
    policy: async () => readPolicy({}),
    availability: async () => ({
      ...{ nmap: { available: true }, gobuster: { available: true }, nuclei: { available: true } },
    }),
    limits: DEFAULT_LIMITS,
    now: under.now,
    newId: () => v7(),
    ...changes,
  };
  /** Ends the tasks of a job as a worker would, the first of them with these findings. */
  const end = async (jobId: string, findings: readonly Finding[]): Promise<Job> => {
    const job = await readJob(under, jobId);
    const tasks = (await under.store.readTasks(jobId)).filter(({ status }) => status === 'queued');
    for (const [at, task] of tasks.entries()) {
      const { held } = await claimTask(under, task);
      const left = { tenant: job.tenant, jobId, taskId: task.taskId, attempt: held.attempt };
      const coverage = Array.from({ length: task.slice.count }, () => ({
        ...{ target: 'x', host: 'x', status: 'reached' as const },
      }));
      const result = await leaveResult(results, left, at === 0 ? findings : [], coverage);
      await under.store.finish(held, { status: 'completed', result });
    }
    return (await under.store.finalise(await readJob(under, jobId), 'worker/1')) as Job;
  };
  const submit = async ({ rules = [ON_HTTP], ...job }: Changes = {}): Promise<Job> => {
    const jobId = v7();
    const spec = {
      targets: ['203.0.113.7'],
      scanners: [{ name: 'nmap' as const, options: {} }],
      labels: {},
      followUps: rules,
    };
    const tenant = newTenant();
    const submitted = await under.store.submit(
      newJob(under, 1, { tenant, ...job, jobId, rootJobId: jobId, depth: 0, spec }),
      () => '{}',
    );
    if (submitted.outcome !== 'created') throw new Error('the job is not new');
    return submitted.job;
  };
  return {
    deps,
    results,
    submit,
    end,
    /** A first job that has ended with these findings. */
    async ended(findings: readonly Finding[], job: Changes = {}): Promise<Job> {
      return end((await submit(job)).jobId, findings);
    },
    /** A run of the function, told that the job has ended. */
    run: ({ jobId, round }: Pick<Job, 'jobId' | 'round'>, more: Partial<StartFollowUpsDeps> = {}) =>
      startFollowUps({ ...deps, ...more }, { jobId, round }),
    tree: async (jobId: string): Promise<Tree> => (await under.store.readTree(jobId)) as Tree,
    /** The follow-ups, oldest first: what each scans, with what. */
    async started(jobId: string) {
      const { store } = under;
      const ids = ((await store.readTree(jobId))?.children ?? []).map((child) => child.jobId);
      const jobs = new Map((await store.readJobs(ids)).map((job) => [job.jobId, job]));
      const shown = ids.map(async (id) => `${jobs.get(id)?.scanners} ${(await store.readSpec(id))?.targets}`);
      return Promise.all(shown);
    },
  };
}
